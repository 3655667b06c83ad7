<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en">
<context>
    <name>AgentText</name>
    <message>
        <source>Larder&apos;s API key.</source>
        <translation>Larders API-Schlüssel.</translation>
    </message>
    <message>
        <source>%1 asks for a key unless there is one; Larder asks for none.</source>
        <translation>%1 fragt nach einem Schlüssel, solange keiner da ist; Larder verlangt keinen.</translation>
    </message>
    <message>
        <source>%1 was not found on this machine. Install it with: %2</source>
        <translation>%1 wurde auf diesem Rechner nicht gefunden. Installieren mit: %2</translation>
    </message>
    <message>
        <source>The program needs Node, which lies beside it and is not in your PATH.</source>
        <translation>Das Programm braucht Node, das neben ihm liegt und nicht in Ihrem PATH steht.</translation>
    </message>
    <message>
        <source>Requests go to Larder instead of Anthropic.</source>
        <translation>Anfragen gehen an Larder statt an Anthropic.</translation>
    </message>
    <message>
        <source>Claude Code asks to log in unless there is one; Larder asks for none.</source>
        <translation>Claude Code verlangt eine Anmeldung, solange keiner da ist; Larder verlangt keinen.</translation>
    </message>
    <message>
        <source>A key of yours for Anthropic is neither used nor sent to Larder.</source>
        <translation>Ein eigener Schlüssel für Anthropic wird weder benutzt noch an Larder gesendet.</translation>
    </message>
    <message>
        <source>Whichever of its models Claude Code asks for, it is this one.</source>
        <translation>Nach welchem seiner Modelle Claude Code auch fragt, es ist dieses.</translation>
    </message>
    <message>
        <source>As above: the one it works with most of the time.</source>
        <translation>Wie oben: das, mit dem es meistens arbeitet.</translation>
    </message>
    <message>
        <source>As above: for side tasks such as titles; a second model would have to be loaded beside the first.</source>
        <translation>Wie oben: für Nebenaufgaben wie Titel; ein zweites Modell müsste neben dem ersten geladen werden.</translation>
    </message>
    <message>
        <source>Subagents use the same model, and what is kept of its prompts.</source>
        <translation>Unteragenten benutzen dasselbe Modell und was von dessen Prompts aufgehoben ist.</translation>
    </message>
    <message>
        <source>No line that differs in every conversation at the top of each prompt.</source>
        <translation>Keine Zeile am Anfang jedes Prompts, die in jedem Gespräch anders ist.</translation>
    </message>
    <message>
        <source>No count of tokens left that changes after every tool call.</source>
        <translation>Keine Angabe übriger Token, die sich nach jedem Werkzeugaufruf ändert.</translation>
    </message>
    <message>
        <source>No telemetry and no update checks; the prompt is the same each time.</source>
        <translation>Keine Telemetrie und keine Suche nach Updates; der Prompt ist jedes Mal derselbe.</translation>
    </message>
    <message>
        <source>A long first prompt may take minutes on a processor: 50 minutes instead of 10.</source>
        <translation>Ein langer erster Prompt kann auf einem Prozessor Minuten dauern: 50 Minuten statt 10.</translation>
    </message>
    <message>
        <source>A slow answer is not given up after 5 silent minutes.</source>
        <translation>Eine langsame Antwort wird nicht nach 5 stillen Minuten aufgegeben.</translation>
    </message>
    <message>
        <source>An answer that breaks off is asked for again as a stream, which shows progress.</source>
        <translation>Eine Antwort, die abbricht, wird noch einmal als Strom angefordert, der den Fortschritt zeigt.</translation>
    </message>
    <message>
        <source>The model&apos;s real window; otherwise a million tokens are assumed.</source>
        <translation>Das wirkliche Fenster des Modells; sonst werden eine Million Token angenommen.</translation>
    </message>
    <message>
        <source>The conversation is summarised before the smaller of this and the window is full.</source>
        <translation>Das Gespräch wird zusammengefasst, bevor das kleinere von diesem Wert und dem Fenster voll ist.</translation>
    </message>
    <message>
        <source>The longest answer: an eighth of the window, at most 32000. Claude Code keeps that much of the window free all the time.</source>
        <translation>Die längste Antwort: ein Achtel des Fensters, höchstens 32000. So viel vom Fenster hält Claude Code immer frei.</translation>
    </message>
    <message>
        <source>The model, and without a tool whose schema appears in the middle of a session and changes the beginning of the prompt.</source>
        <translation>Das Modell, und ohne ein Werkzeug, dessen Schema mitten in einer Sitzung erscheint und den Anfang des Prompts ändert.</translation>
    </message>
    <message>
        <source>%1 sets %2 in its &quot;env&quot; block, and that overrides what Larder sets: take it out while you use Larder.</source>
        <translation>%1 setzt %2 im Abschnitt &quot;env&quot;, und das überstimmt, was Larder setzt: Nehmen Sie es heraus, solange Sie Larder benutzen.</translation>
    </message>
    <message>
        <source>%1 sets %2 in its &quot;env&quot; block, and that leads Claude Code away from Larder&apos;s model: take it out while you use Larder.</source>
        <translation>%1 setzt %2 im Abschnitt &quot;env&quot;, und das führt Claude Code von Larders Modell weg: Nehmen Sie es heraus, solange Sie Larder benutzen.</translation>
    </message>
    <message>
        <source>%1 is set in your environment, and that leads Claude Code away from Larder&apos;s model: unset it first.</source>
        <translation>%1 ist in Ihrer Umgebung gesetzt, und das führt Claude Code von Larders Modell weg: Löschen Sie es zuerst.</translation>
    </message>
    <message>
        <source>%1 sets %2, and that overrides what Larder sets.</source>
        <translation>%1 setzt %2, und das überstimmt, was Larder setzt.</translation>
    </message>
    <message>
        <source>Larder as the provider, the model with its real window, and where to summarise the conversation.</source>
        <translation>Larder als Anbieter, das Modell mit seinem wirklichen Fenster und wann das Gespräch zusammengefasst wird.</translation>
    </message>
    <message>
        <source>No search of the web, which runs at OpenAI; no statistics and no update checks.</source>
        <translation>Keine Suche im Web, die bei OpenAI läuft; keine Statistik und keine Suche nach Updates.</translation>
    </message>
    <message>
        <source>All of it wins over your config.toml, which stays as it is.</source>
        <translation>All das geht Ihrer config.toml vor, die bleibt, wie sie ist.</translation>
    </message>
    <message>
        <source>%1; what %2 takes from there is not known.</source>
        <translation>%1; was %2 von dort übernimmt, ist nicht bekannt.</translation>
    </message>
    <message>
        <source>%1 is not valid JSON; what %2 takes from there is not known.</source>
        <translation>%1 ist kein gültiges JSON; was %2 von dort übernimmt, ist nicht bekannt.</translation>
    </message>
    <message>
        <source>%1 gives the agent &quot;%2&quot; a model of its own, which is not there while you use Larder.</source>
        <translation>%1 gibt dem Agenten &quot;%2&quot; ein eigenes Modell, das nicht da ist, solange Sie Larder benutzen.</translation>
    </message>
    <message>
        <source>%1 is set in your environment; Larder puts its own in its place.</source>
        <translation>%1 ist in Ihrer Umgebung gesetzt; Larder setzt seine eigene an deren Stelle.</translation>
    </message>
    <message>
        <source>Larder as the only provider, the model with its real window, titles by the same model, no updates; your opencode.json holds for everything else.</source>
        <translation>Larder als einziger Anbieter, das Modell mit seinem wirklichen Fenster, Titel vom selben Modell, keine Updates; für alles andere gilt Ihre opencode.json.</translation>
    </message>
    <message>
        <source>No list of other providers&apos; models is fetched.</source>
        <translation>Es wird keine Liste der Modelle anderer Anbieter geholt.</translation>
    </message>
    <message>
        <source>Points to a file of Larder&apos;s, made anew at every start, since Qwen Code takes the model&apos;s window from nowhere else.</source>
        <translation>Zeigt auf eine Datei von Larder, die bei jedem Start neu entsteht, da Qwen Code das Fenster des Modells von nirgendwo sonst nimmt.</translation>
    </message>
    <message>
        <source>Larder as the provider, the model with its real window and the longest answer, 50 minutes of patience.</source>
        <translation>Larder als Anbieter, das Modell mit seinem wirklichen Fenster und der längsten Antwort, 50 Minuten Geduld.</translation>
    </message>
    <message>
        <source>No statistics, no updates, and no notes taken behind each task: that is a long prompt of its own every time.</source>
        <translation>Keine Statistik, keine Updates und keine Notizen nach jeder Aufgabe: Das ist jedes Mal ein langer Prompt für sich.</translation>
    </message>
    <message>
        <source>No model here has more room: if this one was trained for more, start the server with --context (and --hot-cache for the memory), or get a model with a larger window.</source>
        <translation>Kein Modell hier hat mehr Platz: Wurde dieses für mehr trainiert, starten Sie den Server mit --context (und --hot-cache für den Speicher), oder holen Sie ein Modell mit größerem Fenster.</translation>
    </message>
    <message>
        <source>With more room there is, in tokens: %1.</source>
        <translation>Mehr Platz hat, in Token: %1.</translation>
    </message>
    <message>
        <source>With more room there are, in tokens: %1.</source>
        <translation>Mehr Platz haben, in Token: %1.</translation>
    </message>
    <message>
        <source>The window of %1 is not known; %2 goes by its own guess, and may summarise too late.</source>
        <translation>Das Fenster von %1 ist nicht bekannt; %2 richtet sich nach eigener Schätzung und fasst vielleicht zu spät zusammen.</translation>
    </message>
    <message>
        <source>The window of %1 has %2 tokens. %3&apos;s first request alone takes %4 or more, and it keeps %5 free.</source>
        <translation>Das Fenster von %1 hat %2 Token. Schon die erste Anfrage von %3 braucht %4 oder mehr, und es hält %5 frei.</translation>
    </message>
    <message>
        <source>It will summarise the conversation every few turns.</source>
        <translation>Es wird das Gespräch alle paar Schritte zusammenfassen.</translation>
    </message>
    <message>
        <source>It will not work.</source>
        <translation>So geht es nicht.</translation>
    </message>
</context>
<context>
    <name>ModelText</name>
    <message>
        <source>loaded</source>
        <translation>geladen</translation>
    </message>
    <message>
        <source>loading %1</source>
        <translation>wird geladen: %1</translation>
    </message>
    <message>
        <source>waiting for memory</source>
        <translation>wartet auf Speicher</translation>
    </message>
    <message>
        <source>failed to load</source>
        <translation>Laden fehlgeschlagen</translation>
    </message>
    <message>
        <source>It is loaded as soon as other models leave it enough memory.</source>
        <translation>Es wird geladen, sobald andere Modelle ihm genug Speicher lassen.</translation>
    </message>
    <message>
        <source>%1 could not be loaded.</source>
        <translation>%1 konnte nicht geladen werden.</translation>
    </message>
    <message>
        <source>%1 running</source>
        <translation>%1 in Arbeit</translation>
    </message>
    <message>
        <source>%1 waiting</source>
        <translation>%1 warten</translation>
    </message>
    <message>
        <source>%1 of weights</source>
        <translation>%1 Gewichte</translation>
    </message>
    <message>
        <source>%1 in the prompt cache</source>
        <translation>%1 im Prompt-Cache</translation>
    </message>
</context>
<context>
    <name>RequestText</name>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>model is loading</source>
        <translation>Modell lädt</translation>
    </message>
    <message>
        <source>reading</source>
        <translation>liest</translation>
    </message>
    <message>
        <source>reading %1, %2 left</source>
        <translation>liest %1, noch %2</translation>
    </message>
    <message>
        <source>reading %1</source>
        <translation>liest %1</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>antwortet</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>Anthropic</source>
        <translation>Anthropic</translation>
    </message>
    <message>
        <source>OpenAI chat</source>
        <translation>OpenAI-Chat</translation>
    </message>
    <message>
        <source>OpenAI text</source>
        <translation>OpenAI-Text</translation>
    </message>
    <message>
        <source>Request %1</source>
        <translation>Anfrage %1</translation>
    </message>
    <message>
        <source>all known</source>
        <translation>alles bekannt</translation>
    </message>
    <message>
        <source>added to</source>
        <translation>ergänzt</translation>
    </message>
    <message>
        <source>new</source>
        <translation>neu</translation>
    </message>
    <message>
        <source>differs</source>
        <translation>weicht ab</translation>
    </message>
    <message>
        <source>given up</source>
        <translation>aufgegeben</translation>
    </message>
    <message>
        <source>not kept</source>
        <translation>nicht behalten</translation>
    </message>
    <message>
        <source>no state</source>
        <translation>kein Zustand</translation>
    </message>
    <message>
        <source>asked for</source>
        <translation>verlangt</translation>
    </message>
    <message>
        <source>Nothing but the last token of the prompt had to be computed.</source>
        <translation>Nur das letzte Token des Prompts musste berechnet werden.</translation>
    </message>
    <message>
        <source>%1 tokens were still kept of older prompts; %2 came behind them.</source>
        <translation>%1 Token waren noch von älteren Prompts da; dahinter kamen %2.</translation>
    </message>
    <message>
        <source>%1 tokens were added to a known prompt of %2.</source>
        <translation>%1 Token kamen zu einem bekannten Prompt von %2 hinzu.</translation>
    </message>
    <message>
        <source>No known prompt of this model begins like it.</source>
        <translation>Kein bekannter Prompt dieses Modells beginnt so.</translation>
    </message>
    <message>
        <source>It leaves the closest known prompt (request %1) after %2 of %3 tokens: what comes there has to be computed.</source>
        <translation>Er verlässt den ähnlichsten bekannten Prompt (Anfrage %1) nach %2 von %3 Token: Was dort folgt, muss berechnet werden.</translation>
    </message>
    <message>
        <source>%1 tokens are shared with a prompt that was not kept, was stopped before its end, or was still being computed. %2 had to be computed.</source>
        <translation>%1 Token sind gemeinsam mit einem Prompt, der nicht behalten, vor seinem Ende abgebrochen oder noch berechnet wurde. %2 mussten berechnet werden.</translation>
    </message>
    <message>
        <source>%1 tokens were known, but the model&apos;s state was kept after %2 of them only.</source>
        <translation>%1 Token waren bekannt, aber der Zustand des Modells war nur nach %2 davon behalten.</translation>
    </message>
    <message>
        <source>The client asked for the probabilities of the prompt itself, so %1 tokens were computed.</source>
        <translation>Das Programm wollte die Wahrscheinlichkeiten des Prompts selbst, darum wurden %1 Token berechnet.</translation>
    </message>
    <message>
        <source>Nothing of the prompt was computed yet.</source>
        <translation>Vom Prompt ist noch nichts berechnet.</translation>
    </message>
    <message>
        <source>It ended before anything of its prompt was computed.</source>
        <translation>Sie endete, bevor etwas von ihrem Prompt berechnet war.</translation>
    </message>
    <message>
        <source>%1 from memory, %2 from the disk, %3 computed</source>
        <translation>%1 aus dem Speicher, %2 von der Platte, %3 berechnet</translation>
    </message>
    <message>
        <source>OpenAI Responses</source>
        <translation>OpenAI Responses</translation>
    </message>
    <message>
        <source>not written</source>
        <translation>nicht geschrieben</translation>
    </message>
    <message>
        <source>damaged</source>
        <translation>beschädigt</translation>
    </message>
    <message>
        <source>It leaves the closest known prompt, of before the server was started, after %1 of %2 tokens: what comes there has to be computed.</source>
        <translation>Er verlässt den ähnlichsten bekannten Prompt, der aus der Zeit vor dem Start des Servers ist, nach %1 von %2 Token: Was dort folgt, muss berechnet werden.</translation>
    </message>
    <message>
        <source>%1 tokens were known, but not all of them were still kept: there was no room for them, or they were cleared or removed. %2 had to be computed.</source>
        <translation>%1 Token waren bekannt, aber nicht mehr alle aufbewahrt: Es war kein Platz mehr für sie, oder sie wurden gelöscht oder entfernt. %2 mussten berechnet werden.</translation>
    </message>
    <message>
        <source>%1 tokens were known before the server was started, but are not on the disk: the cache there is off or was off then, that server ended before it had written them, or their files were removed. %2 had to be computed.</source>
        <translation>%1 Token waren vor dem Start des Servers bekannt, sind aber nicht auf der Festplatte: Der Cache dort ist oder war ausgeschaltet, jener Server endete, bevor er sie geschrieben hatte, oder ihre Dateien wurden entfernt. %2 mussten berechnet werden.</translation>
    </message>
    <message>
        <source>%1 tokens were known, but a block of theirs on the disk was damaged: it was set aside, and %2 had to be computed.</source>
        <translation>%1 Token waren bekannt, aber ein Block davon auf der Festplatte war beschädigt: Er wurde beiseitegelegt, und %2 mussten berechnet werden.</translation>
    </message>
    <message>
        <source>What was known before the server was started was still being read when this was computed.</source>
        <translation>Was vor dem Start des Servers bekannt war, wurde noch gelesen, als dies berechnet wurde.</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Server</source>
        <translation>Server</translation>
    </message>
    <message>
        <source>Address to listen on</source>
        <translation>Adresse, auf der Larder lauscht</translation>
    </message>
    <message>
        <source>127.0.0.1: this computer only. 0.0.0.0: every device in your network; then an API key is required.</source>
        <translation>127.0.0.1: nur dieser Rechner. 0.0.0.0: jedes Gerät in Ihrem Netz; dann ist ein API-Schlüssel nötig.</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>Port</translation>
    </message>
    <message>
        <source>Ask for an API key</source>
        <translation>API-Schlüssel verlangen</translation>
    </message>
    <message>
        <source>Without one, every program and web page on this computer can use your models.</source>
        <translation>Ohne ihn kann jedes Programm und jede Webseite auf diesem Rechner Ihre Modelle benutzen.</translation>
    </message>
    <message>
        <source>made when the server starts</source>
        <translation>entsteht beim Start des Servers</translation>
    </message>
    <message>
        <source>API key</source>
        <translation>API-Schlüssel</translation>
    </message>
    <message>
        <source>Start the server when Larder starts</source>
        <translation>Server starten, wenn Larder startet</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Model folder</source>
        <translation>Modellordner</translation>
    </message>
    <message>
        <source>Default model</source>
        <translation>Standardmodell</translation>
    </message>
    <message>
        <source>Loaded when the server starts, and meant by requests that name none.</source>
        <translation>Wird beim Start des Servers geladen und gilt für Anfragen, die keines nennen.</translation>
    </message>
    <message>
        <source>%1 (not found)</source>
        <translation>%1 (nicht gefunden)</translation>
    </message>
    <message>
        <source>Use models from the Hugging Face cache</source>
        <translation>Modelle aus dem Hugging-Face-Cache benutzen</translation>
    </message>
    <message>
        <source>Other programs download into it; Larder reads them in place and never deletes them.</source>
        <translation>Andere Programme laden dorthin herunter; Larder liest die Modelle an Ort und Stelle und löscht sie nie.</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>Downloads</translation>
    </message>
    <message>
        <source>Hugging Face token</source>
        <translation>Hugging-Face-Token</translation>
    </message>
    <message>
        <source>Mirror</source>
        <translation>Spiegelserver</translation>
    </message>
    <message>
        <source>The address of a mirror of Hugging Face. Your token is sent to it.</source>
        <translation>Die Adresse eines Spiegels von Hugging Face. Ihr Token wird dorthin geschickt.</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>Proxy</translation>
    </message>
    <message>
        <source>the system&apos;s</source>
        <translation>wie im System</translation>
    </message>
    <message>
        <source>Certificates</source>
        <translation>Zertifikate</translation>
    </message>
    <message>
        <source>A PEM file, when a company&apos;s proxy signs connections with a certificate of its own.</source>
        <translation>Eine PEM-Datei, wenn der Proxy einer Firma Verbindungen mit einem eigenen Zertifikat unterschreibt.</translation>
    </message>
    <message>
        <source>Connections for one file</source>
        <translation>Verbindungen für eine Datei</translation>
    </message>
    <message>
        <source>More are faster where the hub limits each one.</source>
        <translation>Mehr sind schneller, wo der Hub jede einzelne begrenzt.</translation>
    </message>
    <message>
        <source>Memory and speed</source>
        <translation>Speicher und Tempo</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>This computer has %1 cores; more threads than that make it slower.</source>
        <translation>Dieser Rechner hat %1 Kerne; mehr Threads als das machen ihn langsamer.</translation>
    </message>
    <message>
        <source>one for each core</source>
        <translation>einer je Kern</translation>
    </message>
    <message>
        <source>Context in tokens</source>
        <translation>Kontext in Token</translation>
    </message>
    <message>
        <source>How much of a conversation a model sees. Less needs less memory.</source>
        <translation>Wie viel von einem Gespräch ein Modell sieht. Weniger braucht weniger Speicher.</translation>
    </message>
    <message>
        <source>all the model can</source>
        <translation>so viel das Modell kann</translation>
    </message>
    <message>
        <source>Numbers in the prompt cache</source>
        <translation>Zahlen im Prompt-Cache</translation>
    </message>
    <message>
        <source>Prompt cache in memory</source>
        <translation>Prompt-Cache im Arbeitsspeicher</translation>
    </message>
    <message>
        <source>A size such as 4G. Running answers live in it too.</source>
        <translation>Eine Größe wie 4G. Auch laufende Antworten liegen darin.</translation>
    </message>
    <message>
        <source>Answers at the same time</source>
        <translation>Antworten zur gleichen Zeit</translation>
    </message>
    <message>
        <source>Requests that may wait</source>
        <translation>Anfragen, die warten dürfen</translation>
    </message>
    <message>
        <source>Further ones are told to come back later.</source>
        <translation>Weiteren wird gesagt, dass sie später wiederkommen sollen.</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>As the desktop</source>
        <translation>Wie der Desktop</translation>
    </message>
    <message>
        <source>App</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>Start Larder at login</source>
        <translation>Larder bei der Anmeldung starten</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>From the next start of Larder.</source>
        <translation>Ab dem nächsten Start von Larder.</translation>
    </message>
    <message>
        <source>Go on when the window is closed</source>
        <translation>Weiterlaufen, wenn das Fenster geschlossen wird</translation>
    </message>
    <message>
        <source>The server keeps running; the tray icon opens the window again.</source>
        <translation>Der Server läuft weiter; das Symbol in der Leiste öffnet das Fenster wieder.</translation>
    </message>
    <message>
        <source>Show notifications</source>
        <translation>Benachrichtigungen zeigen</translation>
    </message>
    <message>
        <source>When a download is done, the server fails or the disk is nearly full.</source>
        <translation>Wenn ein Download fertig ist, der Server ausfällt oder der Datenträger fast voll ist.</translation>
    </message>
    <message>
        <source>Warn when the disk has less than</source>
        <translation>Warnen, wenn weniger frei ist als</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
    <message>
        <source>Setup</source>
        <translation>Einrichtung</translation>
    </message>
    <message>
        <source>Run setup again ...</source>
        <translation>Noch einmal einrichten ...</translation>
    </message>
    <message>
        <source>Settings, key and logs are kept in %1.</source>
        <translation>Einstellungen, Schlüssel und Protokolle liegen in %1.</translation>
    </message>
    <message>
        <source>None: load what a request names</source>
        <translation>Keines: laden, was eine Anfrage nennt</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>automatisch</translation>
    </message>
    <message>
        <source>Memory for models</source>
        <translation>Speicher für Modelle</translation>
    </message>
    <message>
        <source>A size such as 16G, for all loaded models together. Where it does not reach, an idle one makes room.</source>
        <translation>Eine Größe wie 16G, für alle geladenen Modelle zusammen. Wo sie nicht reicht, macht ein unbenutztes Platz.</translation>
    </message>
    <message>
        <source>Unload idle models after</source>
        <translation>Unbenutzte Modelle entladen nach</translation>
    </message>
    <message>
        <source>Pinned models stay. What a model has read is kept in the prompt cache.</source>
        <translation>Angeheftete Modelle bleiben. Was ein Modell gelesen hat, bleibt im Prompt-Cache.</translation>
    </message>
    <message>
        <source> min</source>
        <translation> min</translation>
    </message>
</context>
<context>
    <name>StatusText</name>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation>Wird angehalten ...</translation>
    </message>
    <message>
        <source>Starting ...</source>
        <translation>Wird gestartet ...</translation>
    </message>
    <message>
        <source>Loading a model ...</source>
        <translation>Lädt ein Modell ...</translation>
    </message>
    <message>
        <source>Serving</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Generating</source>
        <translation>Antwortet</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>Braucht Sie</translation>
    </message>
    <message>
        <source>The server could not start.</source>
        <translation>Der Server konnte nicht starten.</translation>
    </message>
    <message>
        <source>The server is off: no program can ask it.</source>
        <translation>Der Server ist aus: Kein Programm kann ihn fragen.</translation>
    </message>
    <message>
        <source>The last answers are being finished.</source>
        <translation>Die letzten Antworten werden noch fertig.</translation>
    </message>
    <message>
        <source>The server is getting ready.</source>
        <translation>Der Server macht sich bereit.</translation>
    </message>
    <message>
        <source>Loading %1: %2</source>
        <translation>%1 wird geladen: %2</translation>
    </message>
    <message>
        <source>There is no model on this computer yet.</source>
        <translation>Auf diesem Rechner ist noch kein Modell.</translation>
    </message>
    <message>
        <source>Ready: the first request loads its model.</source>
        <translation>Bereit: Die erste Anfrage lädt ihr Modell.</translation>
    </message>
    <message>
        <source>Reading a prompt: %1 of %2 tokens (%3)</source>
        <translation>Liest einen Prompt: %1 von %2 Token (%3)</translation>
    </message>
    <message>
        <source>%1 writes %2</source>
        <translation>%1 schreibt %2</translation>
    </message>
    <message>
        <source>%1 is answering</source>
        <translation>%1 antwortet</translation>
    </message>
    <message>
        <source>Larder: %1</source>
        <translation>Larder: %1</translation>
    </message>
    <message>
        <source>%1 running, %2 waiting</source>
        <translation>%1 in Arbeit, %2 warten</translation>
    </message>
    <message>
        <source>Prefill %1</source>
        <translation>Prefill %1</translation>
    </message>
    <message>
        <source>decode %1</source>
        <translation>Decode %1</translation>
    </message>
    <message>
        <source>%1 of the prompts came from the cache</source>
        <translation>%1 der Prompts kamen aus dem Cache</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 B</source>
        <translation>%1 B</translation>
    </message>
    <message>
        <source>%1 kB</source>
        <translation>%1 kB</translation>
    </message>
    <message>
        <source>%1 MB</source>
        <translation>%1 MB</translation>
    </message>
    <message>
        <source>%1 GB</source>
        <translation>%1 GB</translation>
    </message>
    <message>
        <source>%1 TB</source>
        <translation>%1 TB</translation>
    </message>
    <message>
        <source>%1 PB</source>
        <translation>%1 PB</translation>
    </message>
    <message>
        <source>under 1 s</source>
        <translation>unter 1 s</translation>
    </message>
    <message>
        <source>over a year</source>
        <translation>über ein Jahr</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 min %2 s</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 h %2 min</translation>
    </message>
    <message>
        <source>%1 d %2 h</source>
        <translation>%1 T. %2 h</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 Token/s</translation>
    </message>
    <message>
        <source>%1 waits for memory.</source>
        <translation>%1 wartet auf Speicher.</translation>
    </message>
    <message>
        <source>%1 models loaded</source>
        <translation>%1 Modelle geladen</translation>
    </message>
    <message>
        <source>%1 models are answering</source>
        <translation>%1 Modelle antworten</translation>
    </message>
    <message>
        <source>%1 models write %2</source>
        <translation>%1 Modelle schreiben %2</translation>
    </message>
    <message>
        <source>%1 and %2 more</source>
        <translation>%1 und %2 weitere</translation>
    </message>
    <message>
        <source>No request is running or waiting.</source>
        <translation>Keine Anfrage ist in Arbeit oder wartet.</translation>
    </message>
    <message>
        <source>%1 running, %2 waiting for a model to load</source>
        <translation>%1 in Arbeit, %2 warten auf das Laden eines Modells</translation>
    </message>
    <message>
        <source>%1, %2 of them for a model to load</source>
        <translation>%1, davon %2 auf das Laden eines Modells</translation>
    </message>
    <message>
        <source>%1, 1 follows another request</source>
        <translation>%1, 1 folgt einer anderen Anfrage</translation>
    </message>
    <message>
        <source>%1, %2 follow other requests</source>
        <translation>%1, %2 folgen anderen Anfragen</translation>
    </message>
    <message>
        <source>%1 in use, %2 kept of %3</source>
        <translation>%1 in Benutzung, %2 aufgehoben von %3</translation>
    </message>
    <message>
        <source>%1, 1 is reading from the disk</source>
        <translation>%1, 1 liest vom Datenträger</translation>
    </message>
    <message>
        <source>%1, %2 are reading from the disk</source>
        <translation>%1, %2 lesen vom Datenträger</translation>
    </message>
    <message>
        <source>%1 kept of %2</source>
        <translation>%1 von %2 aufgehoben</translation>
    </message>
    <message>
        <source>%1, %2 of it pinned</source>
        <translation>%1, davon %2 angeheftet</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>gerade eben</translation>
    </message>
    <message>
        <source>%1 min ago</source>
        <translation>vor %1 min</translation>
    </message>
    <message>
        <source>%1 h ago</source>
        <translation>vor %1 h</translation>
    </message>
    <message>
        <source>%1 days ago</source>
        <translation>vor %1 Tagen</translation>
    </message>
</context>
<context>
    <name>Terminal</name>
    <message>
        <source>It ended with an error. Press Enter to close this window.</source>
        <translation>Es endete mit einem Fehler. Die Eingabetaste schließt dieses Fenster.</translation>
    </message>
</context>
<context>
    <name>TierParts</name>
    <message>
        <source>%1 in use</source>
        <translation>%1 in Benutzung</translation>
    </message>
    <message>
        <source>%1 kept</source>
        <translation>%1 aufgehoben</translation>
    </message>
    <message>
        <source>%1 pinned</source>
        <translation>%1 angeheftet</translation>
    </message>
    <message>
        <source>%1 not pinned</source>
        <translation>%1 nicht angeheftet</translation>
    </message>
    <message>
        <source>of %1</source>
        <translation>von %1</translation>
    </message>
    <message>
        <source>together %1 of %2</source>
        <translation>zusammen %1 von %2</translation>
    </message>
</context>
<context>
    <name>larder::app::Application</name>
    <message>
        <source>About Larder</source>
        <translation>Über Larder</translation>
    </message>
    <message>
        <source>&lt;h3&gt;Larder %1&lt;/h3&gt;&lt;p&gt;Serves local language models to programs on this machine, and keeps what it has computed.&lt;/p&gt;&lt;p&gt;Nothing you ask leaves this machine. There is no telemetry.&lt;/p&gt;&lt;p&gt;Free software under the GNU General Public License, version 3.&lt;/p&gt;</source>
        <translation>&lt;h3&gt;Larder %1&lt;/h3&gt;&lt;p&gt;Stellt den Programmen auf diesem Rechner lokale Sprachmodelle bereit und behält, was es berechnet hat.&lt;/p&gt;&lt;p&gt;Nichts, was Sie fragen, verlässt diesen Rechner. Es werden keine Nutzungsdaten erhoben.&lt;/p&gt;&lt;p&gt;Freie Software unter der GNU General Public License, Version 3.&lt;/p&gt;</translation>
    </message>
</context>
<context>
    <name>larder::ui::AccessStep</name>
    <message>
        <source>Access</source>
        <translation>Zugang</translation>
    </message>
    <message>
        <source>Programs on this computer reach Larder at an address with this port.</source>
        <translation>Programme auf diesem Rechner erreichen Larder unter einer Adresse mit diesem Port.</translation>
    </message>
    <message>
        <source>&amp;Ask for an API key</source>
        <translation>&amp;API-Schlüssel verlangen</translation>
    </message>
    <message>
        <source>&amp;Port</source>
        <translation>&amp;Port</translation>
    </message>
    <message>
        <source>%1 unless you have a reason.</source>
        <translation>%1, wenn nichts dagegen spricht.</translation>
    </message>
    <message>
        <source>Programs send it along; other users and web pages on this computer cannot use your models.</source>
        <translation>Programme schicken ihn mit; andere Benutzer und Webseiten auf diesem Rechner können Ihre Modelle nicht benutzen.</translation>
    </message>
    <message>
        <source>Every program and every user of this computer can use your models.</source>
        <translation>Jedes Programm und jeder Benutzer dieses Rechners kann Ihre Modelle benutzen.</translation>
    </message>
    <message>
        <source>The key is made in the new folder when the server starts. You find it under Settings and in the tray menu.</source>
        <translation>Der Schlüssel entsteht im neuen Ordner, wenn der Server startet. Sie finden ihn in den Einstellungen und im Menü des Symbols in der Leiste.</translation>
    </message>
    <message>
        <source>made when the server starts</source>
        <translation>entsteht beim Start des Servers</translation>
    </message>
</context>
<context>
    <name>larder::ui::AgentCard</name>
    <message>
        <source>Look again</source>
        <translation>Erneut suchen</translation>
    </message>
    <message>
        <source>Open in terminal</source>
        <translation>Im Terminal öffnen</translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation>Befehl kopieren</translation>
    </message>
    <message>
        <source>Copy as plain command</source>
        <translation>Als einfachen Befehl kopieren</translation>
    </message>
    <message>
        <source>The whole command with all that is set, for a shell or a script of your own.</source>
        <translation>Der ganze Befehl mit allem, was gesetzt wird, für eine Shell oder ein eigenes Skript.</translation>
    </message>
    <message>
        <source>installed</source>
        <translation>installiert</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>nicht gefunden</translation>
    </message>
    <message>
        <source>The server is not running.</source>
        <translation>Der Server läuft nicht.</translation>
    </message>
    <message>
        <source>A terminal opens in %1.</source>
        <translation>Ein Terminal öffnet sich in %1.</translation>
    </message>
    <message>
        <source>No terminal program was found. Copy the command and run it in the one you use, or set TERMINAL to its name.</source>
        <translation>Es wurde kein Terminalprogramm gefunden. Kopieren Sie den Befehl und führen Sie ihn in Ihrem aus, oder setzen Sie TERMINAL auf dessen Namen.</translation>
    </message>
    <message>
        <source>Copied: %1</source>
        <translation>Kopiert: %1</translation>
    </message>
    <message>
        <source>Copied. Set LARDER_KEY to the API key before you run it.</source>
        <translation>Kopiert. Setzen Sie LARDER_KEY auf den API-Schlüssel, bevor Sie ihn ausführen.</translation>
    </message>
    <message>
        <source>Copied. The key is not in it: the shell reads it from its file.</source>
        <translation>Kopiert. Der Schlüssel steht nicht darin: Die Shell liest ihn aus seiner Datei.</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the command that installs %1</source>
        <translation>Den Befehl kopieren, der %1 installiert</translation>
    </message>
    <message>
        <source>Install it with: %1</source>
        <translation>Installieren mit: %1</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>Kopiert.</translation>
    </message>
    <message>
        <source>Look for %1 again</source>
        <translation>Noch einmal nach %1 suchen</translation>
    </message>
</context>
<context>
    <name>larder::ui::AgentChoices</name>
    <message>
        <source>Start on</source>
        <translation>Starten mit</translation>
    </message>
    <message>
        <source>Choose ...</source>
        <translation>Wählen ...</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Folder to work in</source>
        <translation>Arbeitsordner</translation>
    </message>
    <message>
        <source>Choose the folder to work in</source>
        <translation>Den Arbeitsordner wählen</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>%1 (%2 tokens)</source>
        <translation>%1 (%2 Token)</translation>
    </message>
</context>
<context>
    <name>larder::ui::AgentVariables</name>
    <message>
        <source>What Larder sets, for the one process that is started. No file of the agent is written.</source>
        <translation>Was Larder setzt, nur für den einen Prozess, der gestartet wird. Keine Datei des Agenten wird geschrieben.</translation>
    </message>
    <message>
        <source>Hide details</source>
        <translation>Weniger</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Hide what is set for %1</source>
        <translation>Verbergen, was für %1 gesetzt wird</translation>
    </message>
    <message>
        <source>Show what is set for %1</source>
        <translation>Zeigen, was für %1 gesetzt wird</translation>
    </message>
    <message>
        <source>Arguments of your own can follow.</source>
        <translation>Eigene Argumente können folgen.</translation>
    </message>
</context>
<context>
    <name>larder::ui::AgentsPage</name>
    <message>
        <source>Agents</source>
        <translation>Agenten</translation>
    </message>
    <message>
        <source>No model yet</source>
        <translation>Noch kein Modell</translation>
    </message>
    <message>
        <source>An agent needs a model to work with: one with a window of 48,000 tokens or more.</source>
        <translation>Ein Agent braucht ein Modell, mit dem er arbeitet: eines mit einem Fenster von 48.000 Token oder mehr.</translation>
    </message>
    <message>
        <source>Get a model</source>
        <translation>Ein Modell holen</translation>
    </message>
    <message>
        <source>The server is not running: agents need it.</source>
        <translation>Der Server läuft nicht: Agenten brauchen ihn.</translation>
    </message>
    <message>
        <source>Start server</source>
        <translation>Server starten</translation>
    </message>
    <message>
        <source>The server is starting ...</source>
        <translation>Der Server startet ...</translation>
    </message>
</context>
<context>
    <name>larder::ui::AllTimeCard</name>
    <message>
        <source>All time</source>
        <translation>Insgesamt</translation>
    </message>
    <message>
        <source>Time saved</source>
        <translation>Gesparte Zeit</translation>
    </message>
    <message>
        <source>An estimate: the prompt tokens that came from the cache, at the mean speed at which the same model computes prompts on this computer.</source>
        <translation>Geschätzt: die Prompt-Token aus dem Cache bei der mittleren Geschwindigkeit, mit der dasselbe Modell auf diesem Rechner Prompts berechnet.</translation>
    </message>
    <message>
        <source>Cache efficiency</source>
        <translation>Cache-Nutzen</translation>
    </message>
    <message>
        <source>The share of all prompt tokens that came from the cache and were not computed again.</source>
        <translation>Der Anteil aller Prompt-Token, die aus dem Cache kamen und nicht neu berechnet wurden.</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Of prompts and answers together.</source>
        <translation>Von Prompts und Antworten zusammen.</translation>
    </message>
    <message>
        <source>Nothing was asked yet. Once programs ask, this says how much of their prompts came from the cache, and how much time that saved.</source>
        <translation>Noch wurde nichts gefragt. Sobald Programme fragen, steht hier, wie viel ihrer Prompts aus dem Cache kam und wie viel Zeit das gespart hat.</translation>
    </message>
    <message>
        <source>%1 prompt tokens, %2 of them from the cache, and %3 generated.</source>
        <translation>%1 Prompt-Token, davon %2 aus dem Cache, und %3 erzeugte.</translation>
    </message>
    <message>
        <source>%1 prompt tokens, %2 of them from the cache, %3 of those from the disk, and %4 generated.</source>
        <translation>%1 Prompt-Token, davon %2 aus dem Cache, von diesen %3 vom Datenträger, und %4 erzeugte.</translation>
    </message>
    <message>
        <source>Since %1: %2</source>
        <translation>Seit %1: %2</translation>
    </message>
</context>
<context>
    <name>larder::ui::CacheHoursCard</name>
    <message>
        <source>From the cache, by hour</source>
        <translation>Aus dem Cache, nach Stunden</translation>
    </message>
    <message>
        <source>How far back the chart goes</source>
        <translation>Wie weit das Diagramm zurückreicht</translation>
    </message>
    <message>
        <source>24 hours</source>
        <translation>24 Stunden</translation>
    </message>
    <message>
        <source>7 days</source>
        <translation>7 Tage</translation>
    </message>
    <message>
        <source>30 days</source>
        <translation>30 Tage</translation>
    </message>
    <message>
        <source>Reading the figures ...</source>
        <translation>Die Zahlen werden gelesen ...</translation>
    </message>
    <message>
        <source>The figures cannot be read: %1</source>
        <translation>Die Zahlen lassen sich nicht lesen: %1</translation>
    </message>
    <message>
        <source>No figures</source>
        <translation>Keine Zahlen</translation>
    </message>
    <message>
        <source>No requests in this time</source>
        <translation>Keine Anfragen in dieser Zeit</translation>
    </message>
</context>
<context>
    <name>larder::ui::CacheLimitsCard</name>
    <message>
        <source>Limits</source>
        <translation>Grenzen</translation>
    </message>
    <message>
        <source>Prompt cache on the disk</source>
        <translation>Prompt-Cache auf dem Datenträger</translation>
    </message>
    <message>
        <source>A size such as 20G; 0 keeps nothing there. Automatic: 20 GB, or a tenth of the free space where that is less.</source>
        <translation>Eine Größe wie 20G; bei 0 wird dort nichts aufgehoben. Automatisch: 20 GB, oder ein Zehntel des freien Platzes, wo das weniger ist.</translation>
    </message>
    <message>
        <source>automatic</source>
        <translation>automatisch</translation>
    </message>
    <message>
        <source>Compression on the disk</source>
        <translation>Kompression auf dem Datenträger</translation>
    </message>
    <message>
        <source>Of what is written from now on. The content stays the same to the bit.</source>
        <translation>Für alles, was ab jetzt geschrieben wird. Der Inhalt bleibt auf das Bit gleich.</translation>
    </message>
    <message>
        <source>Written a day at most</source>
        <translation>Geschrieben wird am Tag höchstens</translation>
    </message>
    <message>
        <source>Spares the disk. Past it, until midnight UTC, only pinned prefixes and those used twice are written.</source>
        <translation>Schont den Datenträger. Darüber werden bis Mitternacht (UTC) nur noch angeheftete und zweimal benutzte Präfixe geschrieben.</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>ohne Grenze</translation>
    </message>
    <message>
        <source>Left free on the disk</source>
        <translation>Frei bleibt auf dem Datenträger</translation>
    </message>
    <message>
        <source>Nothing is written where less would be left to other programs.</source>
        <translation>Es wird nichts geschrieben, wenn anderen Programmen weniger bliebe.</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Prompt cache in memory</source>
        <translation>Prompt-Cache im Arbeitsspeicher</translation>
    </message>
    <message>
        <source>A size such as 4G. Running answers live in it too.</source>
        <translation>Eine Größe wie 4G. Auch laufende Antworten liegen darin.</translation>
    </message>
    <message>
        <source>&amp;Revert</source>
        <translation>&amp;Verwerfen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Used once the server starts anew: %1.</source>
        <translation>Gilt erst nach einem Neustart des Servers: %1.</translation>
    </message>
    <message>
        <source>Changed: %1.</source>
        <translation>Geändert: %1.</translation>
    </message>
</context>
<context>
    <name>larder::ui::CachePage</name>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Cache</source>
        <translation>Cache</translation>
    </message>
    <message>
        <source>The cache on the disk is off: its limit is 0. What models have read is forgotten when memory is needed or the server stops.</source>
        <translation>Der Cache auf dem Datenträger ist aus: Seine Grenze ist 0. Was Modelle gelesen haben, wird vergessen, sobald Speicher gebraucht wird oder der Server anhält.</translation>
    </message>
    <message>
        <source>Turn it on</source>
        <translation>Einschalten</translation>
    </message>
    <message>
        <source>The cache on the disk cannot be used: %1 Mend that, then restart the server. Requests are answered without it meanwhile.</source>
        <translation>Der Cache auf dem Datenträger ist nicht benutzbar: %1 Beheben Sie das und starten Sie dann den Server neu. Anfragen werden solange ohne ihn beantwortet.</translation>
    </message>
    <message>
        <source>Restart server</source>
        <translation>Server neu starten</translation>
    </message>
    <message>
        <source>Nothing new is written to the disk: %1 What is there already is used as before.</source>
        <translation>Es wird nichts Neues auf den Datenträger geschrieben: %1 Was schon da ist, wird weiter benutzt.</translation>
    </message>
    <message>
        <source>Show limits</source>
        <translation>Grenzen zeigen</translation>
    </message>
    <message>
        <source>Reading what is kept ...</source>
        <translation>Was aufgehoben ist, wird gelesen ...</translation>
    </message>
    <message>
        <source>What is kept cannot be listed: %1</source>
        <translation>Was aufgehoben ist, lässt sich nicht auflisten: %1</translation>
    </message>
    <message>
        <source>The files cannot be checked: %1</source>
        <translation>Die Dateien lassen sich nicht prüfen: %1</translation>
    </message>
    <message>
        <source>The check was stopped before the end.</source>
        <translation>Die Prüfung wurde vor dem Ende abgebrochen.</translation>
    </message>
    <message>
        <source>%1 of %2 files were damaged and are in quarantine now. They are not used: what they held is computed again.</source>
        <translation>%1 von %2 Dateien waren beschädigt und sind jetzt in Quarantäne. Sie werden nicht benutzt: Was darin war, wird neu berechnet.</translation>
    </message>
    <message>
        <source>%1 files were checked, and they are sound (%2).</source>
        <translation>%1 Dateien wurden geprüft und sind in Ordnung (%2).</translation>
    </message>
    <message>
        <source>There is no file to check.</source>
        <translation>Es gibt keine Datei zu prüfen.</translation>
    </message>
    <message>
        <source>All %1 files are sound (%2).</source>
        <translation>Alle %1 Dateien sind in Ordnung (%2).</translation>
    </message>
    <message>
        <source>What is kept of %1 is deleted: %2. Its next prompts are computed anew.</source>
        <translation>Was von %1 aufgehoben ist, wird gelöscht: %2. Seine nächsten Prompts werden neu berechnet.</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <source>All that is kept is deleted, in memory and on the disk: %1 there. The next prompts are computed anew.</source>
        <translation>Alles Aufgehobene wird gelöscht, im Arbeitsspeicher und auf dem Datenträger: dort %1. Die nächsten Prompts werden neu berechnet.</translation>
    </message>
    <message>
        <source>Clear all</source>
        <translation>Alles leeren</translation>
    </message>
    <message>
        <source>Clear the cache</source>
        <translation>Cache leeren</translation>
    </message>
    <message>
        <source>Also what is pinned: %1</source>
        <translation>Auch das Angeheftete: %1</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>The cache cannot be cleared: %1</source>
        <translation>Der Cache lässt sich nicht leeren: %1</translation>
    </message>
    <message>
        <source>%1 were freed (%2 blocks).</source>
        <translation>%1 wurden frei (%2 Blöcke).</translation>
    </message>
    <message>
        <source>%1 pinned blocks were kept.</source>
        <translation>%1 angeheftete Blöcke blieben.</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Ausblenden</translation>
    </message>
</context>
<context>
    <name>larder::ui::CacheTiersCard</name>
    <message>
        <source>Prompt cache</source>
        <translation>Prompt-Cache</translation>
    </message>
    <message>
        <source>Check all files</source>
        <translation>Alle Dateien prüfen</translation>
    </message>
    <message>
        <source>Reads every file on the disk and compares it with its checksum. Requests go on meanwhile.</source>
        <translation>Liest jede Datei auf dem Datenträger und vergleicht sie mit ihrer Prüfsumme. Anfragen laufen dabei weiter.</translation>
    </message>
    <message>
        <source>Clear all ...</source>
        <translation>Alles leeren ...</translation>
    </message>
    <message>
        <source>Work on the cache</source>
        <translation>Arbeit am Cache</translation>
    </message>
    <message>
        <source>Prompt cache in memory</source>
        <translation>Prompt-Cache im Arbeitsspeicher</translation>
    </message>
    <message>
        <source>In use: what running requests read and write. Kept: for later requests that begin alike; given up when room is needed.</source>
        <translation>In Benutzung: was laufende Anfragen lesen und schreiben. Aufgehoben: für spätere Anfragen, die gleich beginnen; wird aufgegeben, wenn Platz gebraucht wird.</translation>
    </message>
    <message>
        <source>In memory</source>
        <translation>Im Arbeitsspeicher</translation>
    </message>
    <message>
        <source>On the disk</source>
        <translation>Auf dem Datenträger</translation>
    </message>
    <message>
        <source>Prompt cache on the disk</source>
        <translation>Prompt-Cache auf dem Datenträger</translation>
    </message>
    <message>
        <source>Pinned prefixes stay until you unpin them. The rest makes room for newer ones, what was used least first.</source>
        <translation>Angeheftete Präfixe bleiben, bis Sie sie lösen. Der Rest macht neueren Platz, das am wenigsten Benutzte zuerst.</translation>
    </message>
    <message>
        <source>Written to the disk today</source>
        <translation>Heute auf den Datenträger geschrieben</translation>
    </message>
    <message>
        <source>Blocks</source>
        <translation>Blöcke</translation>
    </message>
    <message>
        <source>Files on the disk, of 64 tokens each.</source>
        <translation>Dateien auf dem Datenträger, mit je 64 Token.</translation>
    </message>
    <message>
        <source>Hits</source>
        <translation>Treffer</translation>
    </message>
    <message>
        <source>Blocks that were read from the disk since the server started, instead of being computed again.</source>
        <translation>Blöcke, die seit dem Start des Servers vom Datenträger gelesen statt neu berechnet wurden.</translation>
    </message>
    <message>
        <source>Misses</source>
        <translation>Fehlgriffe</translation>
    </message>
    <message>
        <source>Blocks that were asked for since the server started and were gone or damaged: they were computed again.</source>
        <translation>Blöcke, die seit dem Start des Servers gefragt, aber weg oder beschädigt waren: Sie wurden neu berechnet.</translation>
    </message>
    <message>
        <source>Read back</source>
        <translation>Gelesen</translation>
    </message>
    <message>
        <source>Bytes read from the disk since the server started.</source>
        <translation>Bytes, die seit dem Start des Servers vom Datenträger gelesen wurden.</translation>
    </message>
    <message>
        <source>Checking all files. Requests go on meanwhile.</source>
        <translation>Alle Dateien werden geprüft. Anfragen laufen dabei weiter.</translation>
    </message>
    <message>
        <source>Clearing ...</source>
        <translation>Es wird geleert ...</translation>
    </message>
    <message>
        <source>of %1</source>
        <translation>von %1</translation>
    </message>
    <message>
        <source>Nothing is kept in memory yet.</source>
        <translation>Im Arbeitsspeicher ist noch nichts aufgehoben.</translation>
    </message>
    <message>
        <source>Empty while the server is stopped.</source>
        <translation>Leer, solange der Server angehalten ist.</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>server stopped</source>
        <translation>Server angehalten</translation>
    </message>
    <message>
        <source>not writing</source>
        <translation>schreibt nicht</translation>
    </message>
    <message>
        <source>writing</source>
        <translation>schreibt</translation>
    </message>
    <message>
        <source>on</source>
        <translation>an</translation>
    </message>
    <message>
        <source>1 file is in quarantine: it did not match its checksum and is never used; what it held is computed again. It lies in %1 and can be deleted. More of them mean that the disk should be looked at.</source>
        <translation>1 Datei ist in Quarantäne: Sie passte nicht zu ihrer Prüfsumme und wird nie benutzt; was darin war, wird neu berechnet. Sie liegt in %1 und kann gelöscht werden. Werden es mehr, sollte der Datenträger geprüft werden.</translation>
    </message>
    <message>
        <source>%1 files are in quarantine: they did not match their checksums and are never used; what they held is computed again. They lie in %2 and can be deleted. More of them mean that the disk should be looked at.</source>
        <translation>%1 Dateien sind in Quarantäne: Sie passten nicht zu ihren Prüfsummen und werden nie benutzt; was darin war, wird neu berechnet. Sie liegen in %2 und können gelöscht werden. Werden es mehr, sollte der Datenträger geprüft werden.</translation>
    </message>
    <message>
        <source>%1 are free on this disk; %2 of them are left to other programs.</source>
        <translation>%1 sind auf diesem Datenträger frei; davon bleiben %2 anderen Programmen.</translation>
    </message>
    <message>
        <source>%1 are free on this disk.</source>
        <translation>%1 sind auf diesem Datenträger frei.</translation>
    </message>
    <message>
        <source>Nothing is known to be kept there.</source>
        <translation>Soweit bekannt, ist dort nichts aufgehoben.</translation>
    </message>
    <message>
        <source>%1 are kept, %2 of them pinned.</source>
        <translation>%1 sind aufgehoben, davon %2 angeheftet.</translation>
    </message>
    <message>
        <source>%1 are kept.</source>
        <translation>%1 sind aufgehoben.</translation>
    </message>
    <message>
        <source>%1 written today; there is no limit for a day</source>
        <translation>%1 heute geschrieben; für den Tag gibt es keine Grenze</translation>
    </message>
    <message>
        <source>%1 written today, of %2 a day</source>
        <translation>%1 heute geschrieben, von %2 am Tag</translation>
    </message>
</context>
<context>
    <name>larder::ui::CachedModelList</name>
    <message>
        <source>Clear ...</source>
        <translation>Leeren ...</translation>
    </message>
    <message>
        <source>%1, %2 of all</source>
        <translation>%1, %2 von allem</translation>
    </message>
    <message>
        <source>%1 pinned</source>
        <translation>%1 angeheftet</translation>
    </message>
    <message>
        <source>1 prefix</source>
        <translation>1 Präfix</translation>
    </message>
    <message>
        <source>%1 prefixes</source>
        <translation>%1 Präfixe</translation>
    </message>
    <message>
        <source>used %1</source>
        <translation>benutzt %1</translation>
    </message>
    <message>
        <source>Share of %1</source>
        <translation>Anteil von %1</translation>
    </message>
    <message>
        <source>Clear what is kept of %1</source>
        <translation>Leeren, was von %1 aufgehoben ist</translation>
    </message>
    <message>
        <source>By model</source>
        <translation>Nach Modell</translation>
    </message>
    <message>
        <source>Nothing is kept on the disk yet. What a model has read of a prompt is written here after an answer, and the next request that begins alike need not wait for it.</source>
        <translation>Auf dem Datenträger ist noch nichts aufgehoben. Was ein Modell von einem Prompt gelesen hat, wird nach einer Antwort hier abgelegt, und die nächste Anfrage, die gleich beginnt, muss nicht darauf warten.</translation>
    </message>
    <message>
        <source>Identity %1</source>
        <translation>Kennung %1</translation>
    </message>
</context>
<context>
    <name>larder::ui::CachedPrefixList</name>
    <message>
        <source>Prefixes</source>
        <translation>Präfixe</translation>
    </message>
    <message>
        <source>Prefixes on the disk</source>
        <translation>Präfixe auf dem Datenträger</translation>
    </message>
    <message>
        <source>1 beginning of prompts is kept. Pinned ones stay until you unpin them.</source>
        <translation>1 Anfang von Prompts ist aufgehoben. Angeheftete bleiben, bis Sie sie lösen.</translation>
    </message>
    <message>
        <source>%1 beginnings of prompts are kept. Pinned ones stay until you unpin them.</source>
        <translation>%1 Anfänge von Prompts sind aufgehoben. Angeheftete bleiben, bis Sie sie lösen.</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>Lösen</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Anheften</translation>
    </message>
    <message>
        <source>Unpin the chosen prefix</source>
        <translation>Das gewählte Präfix lösen</translation>
    </message>
    <message>
        <source>Pin the chosen prefix</source>
        <translation>Das gewählte Präfix anheften</translation>
    </message>
    <message>
        <source>A pinned prefix is never given up for newer ones, and counts against the limit.</source>
        <translation>Ein angeheftetes Präfix weicht nie neueren und zählt zur Grenze.</translation>
    </message>
    <message>
        <source>Choose a prefix first.</source>
        <translation>Wählen Sie erst ein Präfix.</translation>
    </message>
</context>
<context>
    <name>larder::ui::ChoiceTable</name>
    <message>
        <source>fits</source>
        <translation>passt</translation>
    </message>
    <message>
        <source>tight</source>
        <translation>knapp</translation>
    </message>
    <message>
        <source>too big</source>
        <translation>zu groß</translation>
    </message>
    <message>
        <source>cannot run yet</source>
        <translation>läuft noch nicht</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>empfohlen</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Fassung</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Remark</source>
        <translation>Anmerkung</translation>
    </message>
</context>
<context>
    <name>larder::ui::DownloadDialog</name>
    <message>
        <source>Get a model</source>
        <translation>Modell holen</translation>
    </message>
    <message>
        <source>org/name, a link to huggingface.co, or words to search for</source>
        <translation>org/name, ein Link zu huggingface.co oder Suchwörter</translation>
    </message>
    <message>
        <source>Model ID, link or search words</source>
        <translation>Modellname, Link oder Suchwörter</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>The model you named</source>
        <translation>Das genannte Modell</translation>
    </message>
    <message>
        <source>Searching for &quot;%1&quot; ...</source>
        <translation>„%1“ wird gesucht ...</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Nothing was found for &quot;%1&quot;. Try fewer or other words.</source>
        <translation>Zu „%1“ wurde nichts gefunden. Versuchen Sie es mit weniger oder anderen Wörtern.</translation>
    </message>
    <message>
        <source>Found for &quot;%1&quot;</source>
        <translation>Gefunden zu „%1“</translation>
    </message>
    <message>
        <source>Recommended for this machine</source>
        <translation>Empfohlen für diesen Rechner</translation>
    </message>
</context>
<context>
    <name>larder::ui::DownloadQueueView</name>
    <message>
        <source>Downloads</source>
        <translation>Downloads</translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation>Fertige entfernen</translation>
    </message>
    <message>
        <source>%1 free in the model folder</source>
        <translation>%1 frei im Modellordner</translation>
    </message>
    <message>
        <source>Cancel download</source>
        <translation>Download abbrechen</translation>
    </message>
    <message>
        <source>The %1 that arrived of %2 are deleted. Pause keeps them.</source>
        <translation>Die schon geladenen %1 von %2 werden gelöscht. Wenn Sie nur anhalten, bleiben sie erhalten.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
</context>
<context>
    <name>larder::ui::DownloadRow</name>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>%1, %2/s</source>
        <translation>%1, %2/s</translation>
    </message>
    <message>
        <source>%1, about %2 left</source>
        <translation>%1, noch etwa %2</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>checking</source>
        <translation>wird geprüft</translation>
    </message>
    <message>
        <source>downloading</source>
        <translation>lädt herunter</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>Progress of %1</source>
        <translation>Fortschritt von %1</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Takes it off this list; the model stays</source>
        <translation>Nimmt ihn aus dieser Liste; das Modell bleibt</translation>
    </message>
</context>
<context>
    <name>larder::ui::FolderField</name>
    <message>
        <source>Browse ...</source>
        <translation>Durchsuchen ...</translation>
    </message>
    <message>
        <source>Browse for %1</source>
        <translation>%1 auswählen</translation>
    </message>
    <message>
        <source>Choose a folder.</source>
        <translation>Wählen Sie einen Ordner.</translation>
    </message>
    <message>
        <source>%1 free.</source>
        <translation>%1 frei.</translation>
    </message>
    <message>
        <source>Will be made. %1 free.</source>
        <translation>Wird angelegt. %1 frei.</translation>
    </message>
</context>
<context>
    <name>larder::ui::FoldersStep</name>
    <message>
        <source>Folders</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Models are large, often several gigabytes each: put them where there is room.</source>
        <translation>Modelle sind groß, oft mehrere Gigabyte: Legen Sie sie dorthin, wo Platz ist.</translation>
    </message>
    <message>
        <source>Larder&apos;s folder</source>
        <translation>Larders Ordner</translation>
    </message>
    <message>
        <source>Model folder</source>
        <translation>Modellordner</translation>
    </message>
    <message>
        <source>&amp;Larder&apos;s folder: settings, logs and the cache</source>
        <translation>&amp;Larders Ordner: Einstellungen, Protokolle und Cache</translation>
    </message>
    <message>
        <source>&amp;Model folder: what you download, and models you already have</source>
        <translation>&amp;Modellordner: was Sie herunterladen und Modelle, die Sie schon haben</translation>
    </message>
    <message>
        <source>Fixed since the first setup: your settings are stored in it.</source>
        <translation>Seit der ersten Einrichtung fest: Ihre Einstellungen liegen darin.</translation>
    </message>
</context>
<context>
    <name>larder::ui::HistoryCharts</name>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Speed (tokens/s)</source>
        <translation>Tempo (Token/s)</translation>
    </message>
    <message>
        <source>Speed in tokens per second</source>
        <translation>Tempo in Token pro Sekunde</translation>
    </message>
    <message>
        <source>Prefill</source>
        <translation>Prefill</translation>
    </message>
    <message>
        <source>Decode</source>
        <translation>Decode</translation>
    </message>
    <message>
        <source>Time to first token</source>
        <translation>Zeit bis zum ersten Token</translation>
    </message>
    <message>
        <source>Latest answer</source>
        <translation>Letzte Antwort</translation>
    </message>
    <message>
        <source>Cache efficiency</source>
        <translation>Cache-Nutzen</translation>
    </message>
    <message>
        <source>From the cache</source>
        <translation>Aus dem Cache</translation>
    </message>
    <message>
        <source>Memory of Larder</source>
        <translation>Arbeitsspeicher von Larder</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>Belegt</translation>
    </message>
    <message>
        <source>Not measured yet</source>
        <translation>Noch nicht gemessen</translation>
    </message>
    <message>
        <source>Nothing came from the cache yet</source>
        <translation>Noch kam nichts aus dem Cache</translation>
    </message>
</context>
<context>
    <name>larder::ui::HourChart</name>
    <message>
        <source>Cache efficiency by hour</source>
        <translation>Cache-Nutzen nach Stunden</translation>
    </message>
    <message>
        <source>%1 of %2 prompt tokens came from the cache</source>
        <translation>%1 von %2 Prompt-Token kamen aus dem Cache</translation>
    </message>
    <message>
        <source>%1: no requests</source>
        <translation>%1: keine Anfragen</translation>
    </message>
    <message>
        <source>%1: %2 of %3 prompt tokens from the cache</source>
        <translation>%1: %2 von %3 Prompt-Token aus dem Cache</translation>
    </message>
    <message>
        <source>%1, %2 from the disk</source>
        <translation>%1, %2 vom Datenträger</translation>
    </message>
    <message>
        <source>From memory: %1</source>
        <translation>Aus dem Arbeitsspeicher: %1</translation>
    </message>
    <message>
        <source>From the disk: %1</source>
        <translation>Vom Datenträger: %1</translation>
    </message>
    <message>
        <source>d MMM</source>
        <comment>day and month</comment>
        <translation>d. MMM</translation>
    </message>
</context>
<context>
    <name>larder::ui::InstalledList</name>
    <message>
        <source>On this disk</source>
        <translation>Auf diesem Datenträger</translation>
    </message>
    <message>
        <source>No model matches the filter.</source>
        <translation>Kein Modell passt zum Filter.</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Show only models with this text</source>
        <translation>Nur Modelle mit diesem Text zeigen</translation>
    </message>
    <message>
        <source>Order of the models</source>
        <translation>Reihenfolge der Modelle</translation>
    </message>
    <message>
        <source>By name</source>
        <translation>Nach Namen</translation>
    </message>
    <message>
        <source>Largest first</source>
        <translation>Größte zuerst</translation>
    </message>
    <message>
        <source>Smallest first</source>
        <translation>Kleinste zuerst</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>Neueste zuerst</translation>
    </message>
    <message>
        <source>Get a model</source>
        <translation>Modell holen</translation>
    </message>
    <message>
        <source>No model yet. Choose one by its name on Hugging Face, or put a GGUF file into %1.</source>
        <translation>Noch kein Modell. Wählen Sie eines mit seinem Namen auf Hugging Face, oder legen Sie eine GGUF-Datei in %1.</translation>
    </message>
    <message>
        <source>Looking for models ...</source>
        <translation>Modelle werden gesucht ...</translation>
    </message>
</context>
<context>
    <name>larder::ui::InstalledRow</name>
    <message>
        <source>chat only: %1</source>
        <translation>nur zum Chatten: %1</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>Laden</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>More for %1</source>
        <translation>Mehr zu %1</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>Im Ordner zeigen</translation>
    </message>
    <message>
        <source>Copy the name</source>
        <translation>Namen kopieren</translation>
    </message>
    <message>
        <source>Delete ...</source>
        <translation>Löschen ...</translation>
    </message>
    <message>
        <source>default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Hugging Face cache: used in place</source>
        <translation>Hugging-Face-Cache: dort benutzt, wo es liegt</translation>
    </message>
    <message>
        <source>cannot run yet</source>
        <translation>läuft noch nicht</translation>
    </message>
    <message>
        <source>fits</source>
        <translation>passt</translation>
    </message>
    <message>
        <source>tight</source>
        <translation>knapp</translation>
    </message>
    <message>
        <source>too big</source>
        <translation>zu groß</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>Entladen</translation>
    </message>
    <message>
        <source>Unload %1</source>
        <translation>%1 entladen</translation>
    </message>
    <message>
        <source>Load %1</source>
        <translation>%1 laden</translation>
    </message>
    <message>
        <source>Starts the server and loads this model</source>
        <translation>Startet den Server und lädt dieses Modell</translation>
    </message>
    <message>
        <source>No longer the default</source>
        <translation>Nicht mehr als Standard</translation>
    </message>
    <message>
        <source>Set as default</source>
        <translation>Als Standard festlegen</translation>
    </message>
    <message>
        <source>Delete (not possible: other programs use this file too)</source>
        <translation>Löschen (nicht möglich: andere Programme benutzen diese Datei auch)</translation>
    </message>
    <message>
        <source>%1-token window</source>
        <translation>Kontext %1 Token</translation>
    </message>
    <message>
        <source>%1k window</source>
        <translation>Kontext %1k</translation>
    </message>
    <message>
        <source>%1 weights</source>
        <translation>%1 Gewichte</translation>
    </message>
    <message>
        <source>%1M weights</source>
        <translation>%1 Mio. Gewichte</translation>
    </message>
    <message>
        <source>%1B weights</source>
        <translation>%1 Mrd. Gewichte</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Anheften</translation>
    </message>
    <message>
        <source>Pin %1</source>
        <translation>%1 anheften</translation>
    </message>
    <message>
        <source>Loading of %1</source>
        <translation>Laden von %1</translation>
    </message>
    <message>
        <source>Frees the memory of its weights. What it has read is kept in the prompt cache, and the next request that names it loads it again.</source>
        <translation>Gibt den Speicher seiner Gewichte frei. Was es gelesen hat, bleibt im Prompt-Cache, und die nächste Anfrage, die es nennt, lädt es wieder.</translation>
    </message>
    <message>
        <source>It is being loaded</source>
        <translation>Es wird gerade geladen</translation>
    </message>
    <message>
        <source>Wait until the server is ready</source>
        <translation>Warten Sie, bis der Server bereit ist</translation>
    </message>
    <message>
        <source>Loads it beside the others. Where memory is short, idle ones that are not pinned make room.</source>
        <translation>Lädt es neben den anderen. Wo der Speicher knapp ist, machen unbenutzte Platz, die nicht angeheftet sind.</translation>
    </message>
    <message>
        <source>Pinned: once loaded it stays loaded until you unload it. Click to let it go when it is idle or memory is short.</source>
        <translation>Angeheftet: Einmal geladen, bleibt es geladen, bis Sie es entladen. Ein Klick lässt es wieder gehen, wenn es unbenutzt ist oder der Speicher knapp wird.</translation>
    </message>
    <message>
        <source>Pin: once loaded it stays loaded until you unload it, however idle it is and whatever else needs memory.</source>
        <translation>Anheften: Einmal geladen, bleibt es geladen, bis Sie es entladen, wie lange es auch unbenutzt ist und was auch immer Speicher braucht.</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>angeheftet</translation>
    </message>
</context>
<context>
    <name>larder::ui::KeyField</name>
    <message>
        <source>Show</source>
        <translation>Anzeigen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>New key</source>
        <translation>Neuer Schlüssel</translation>
    </message>
    <message>
        <source>API key</source>
        <translation>API-Schlüssel</translation>
    </message>
    <message>
        <source>Show the API key</source>
        <translation>API-Schlüssel anzeigen</translation>
    </message>
    <message>
        <source>Copy the API key</source>
        <translation>API-Schlüssel kopieren</translation>
    </message>
    <message>
        <source>Make a new API key</source>
        <translation>Neuen API-Schlüssel erzeugen</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>Verbergen</translation>
    </message>
    <message>
        <source>New API key</source>
        <translation>Neuer API-Schlüssel</translation>
    </message>
    <message>
        <source>The key in use stops working when the server next starts. Every program that was given it needs the new one.</source>
        <translation>Der bisherige Schlüssel gilt ab dem nächsten Start des Servers nicht mehr. Jedes Programm, das ihn hat, braucht den neuen.</translation>
    </message>
    <message>
        <source>Make a new key</source>
        <translation>Neuen Schlüssel erzeugen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>larder::ui::LineChart</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>%1 min ago</source>
        <translation>vor %1 min</translation>
    </message>
    <message>
        <source>now</source>
        <translation>jetzt</translation>
    </message>
</context>
<context>
    <name>larder::ui::LogLines</name>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Info</source>
        <translation>Info</translation>
    </message>
    <message>
        <source>Debug</source>
        <translation>Debug</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
</context>
<context>
    <name>larder::ui::LogsPage</name>
    <message>
        <source>Logs</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Least level shown</source>
        <translation>Kleinste gezeigte Stufe</translation>
    </message>
    <message>
        <source>All levels</source>
        <translation>Alle Stufen</translation>
    </message>
    <message>
        <source>Info and up</source>
        <translation>Ab Info</translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation>Warnungen und Fehler</translation>
    </message>
    <message>
        <source>Errors only</source>
        <translation>Nur Fehler</translation>
    </message>
    <message>
        <source>Only lines that contain</source>
        <translation>Nur Zeilen, die enthalten</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Copy selected</source>
        <translation>Auswahl kopieren</translation>
    </message>
    <message>
        <source>Copy all shown</source>
        <translation>Alle gezeigten kopieren</translation>
    </message>
    <message>
        <source>Open log folder</source>
        <translation>Protokollordner öffnen</translation>
    </message>
    <message>
        <source>Log lines</source>
        <translation>Protokollzeilen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Nothing was logged yet.</source>
        <translation>Noch wurde nichts protokolliert.</translation>
    </message>
    <message>
        <source>No line is like that.</source>
        <translation>Keine Zeile passt dazu.</translation>
    </message>
    <message>
        <source>%1 lines</source>
        <translation>%1 Zeilen</translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 von %2 Zeilen</translation>
    </message>
</context>
<context>
    <name>larder::ui::MainWindow</name>
    <message>
        <source>Larder</source>
        <translation>Larder</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>Übersicht</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>%1. %2</source>
        <translation>%1. %2</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>Modell wählen</translation>
    </message>
    <message>
        <source>Some settings take effect when the server starts anew. Answers under way would end.</source>
        <translation>Einige Einstellungen gelten erst nach einem Neustart des Servers. Laufende Antworten würden dabei abgebrochen.</translation>
    </message>
    <message>
        <source>Restart server</source>
        <translation>Server neu starten</translation>
    </message>
    <message>
        <source>Open Models</source>
        <translation>Modelle öffnen</translation>
    </message>
    <message>
        <source>Only %1 are left on the disk with the model folder.</source>
        <translation>Auf dem Datenträger mit dem Modellordner sind nur noch %1 frei.</translation>
    </message>
    <message>
        <source>Open Settings</source>
        <translation>Einstellungen öffnen</translation>
    </message>
    <message>
        <source>This desktop shows no tray icons. Should Larder go on serving without a window? Start Larder again to get the window back. You can change this in Settings.</source>
        <translation>Dieser Desktop zeigt keine Symbole in der Leiste. Soll Larder ohne Fenster weiterlaufen? Wenn Sie Larder noch einmal starten, kommt das Fenster zurück. In den Einstellungen können Sie das ändern.</translation>
    </message>
    <message>
        <source>Keep Larder running in the background</source>
        <translation>Larder im Hintergrund weiterlaufen lassen</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Cache</source>
        <translation>Cache</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>Agents</source>
        <translation>Agenten</translation>
    </message>
</context>
<context>
    <name>larder::ui::ModelStep</name>
    <message>
        <source>First model</source>
        <translation>Erstes Modell</translation>
    </message>
    <message>
        <source>Choose what Larder serves first. More can be added at any time on the Models page.</source>
        <translation>Wählen Sie, womit Larder anfängt. Weitere Modelle können Sie jederzeit auf der Seite „Modelle“ hinzufügen.</translation>
    </message>
    <message>
        <source>&amp;Start server</source>
        <translation>&amp;Server starten</translation>
    </message>
    <message>
        <source>&amp;Another model from Hugging Face</source>
        <translation>&amp;Anderes Modell von Hugging Face</translation>
    </message>
    <message>
        <source>&amp;Later</source>
        <translation>S&amp;päter</translation>
    </message>
    <message>
        <source>Recommended for this machine (%1 of memory)</source>
        <translation>Empfohlen für diesen Rechner (%1 Arbeitsspeicher)</translation>
    </message>
    <message>
        <source>Already here</source>
        <translation>Schon vorhanden</translation>
    </message>
    <message>
        <source>&amp;Leave the models as they are</source>
        <translation>&amp;Die Modelle lassen, wie sie sind</translation>
    </message>
    <message>
        <source>%1 window</source>
        <translation>Kontext %1</translation>
    </message>
    <message>
        <source>%1 to download</source>
        <translation>%1 herunterzuladen</translation>
    </message>
    <message>
        <source>suggested</source>
        <translation>Vorschlag</translation>
    </message>
    <message>
        <source>too big</source>
        <translation>zu groß</translation>
    </message>
    <message>
        <source>tight fit</source>
        <translation>knapp</translation>
    </message>
    <message>
        <source>chat only: %1 window</source>
        <translation>nur zum Chatten: Kontext %1</translation>
    </message>
    <message>
        <source>This download needs %1, and %2 are free in the model folder: choose a smaller one, or another folder.</source>
        <translation>Dieser Download braucht %1, im Modellordner sind aber nur %2 frei: Wählen Sie einen kleineren oder einen anderen Ordner.</translation>
    </message>
    <message>
        <source>Start without a model</source>
        <translation>Ohne Modell starten</translation>
    </message>
</context>
<context>
    <name>larder::ui::ModelsPage</name>
    <message>
        <source>Get a model</source>
        <translation>Modell holen</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Delete model</source>
        <translation>Modell löschen</translation>
    </message>
    <message>
        <source>%1 is deleted from this disk, which frees %2. It can be downloaded again.</source>
        <translation>%1 wird von diesem Datenträger gelöscht; das gibt %2 frei. Sie können es wieder herunterladen.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Ausblenden</translation>
    </message>
</context>
<context>
    <name>larder::ui::NowCard</name>
    <message>
        <source>pinned</source>
        <translation>angeheftet</translation>
    </message>
    <message>
        <source>Loading of %1</source>
        <translation>Laden von %1</translation>
    </message>
    <message>
        <source>Right now</source>
        <translation>Gerade jetzt</translation>
    </message>
    <message>
        <source>Requests that begin alike are computed once: the later ones follow the first until then.</source>
        <translation>Anfragen, die gleich beginnen, werden einmal gerechnet: Die späteren folgen so lange der ersten.</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>Kein Modell ist geladen.</translation>
    </message>
    <message>
        <source>Prompt cache in memory</source>
        <translation>Prompt-Cache im Arbeitsspeicher</translation>
    </message>
    <message>
        <source>In use: what running requests read and write. Kept: for later requests that begin alike, also of models that are not loaded now; given up when room is needed.</source>
        <translation>In Benutzung: was laufende Anfragen lesen und schreiben. Aufgehoben: für spätere Anfragen, die gleich beginnen, auch von Modellen, die gerade nicht geladen sind; wird aufgegeben, wenn Platz gebraucht wird.</translation>
    </message>
    <message>
        <source>of %1</source>
        <translation>von %1</translation>
    </message>
    <message>
        <source>What stays when memory is needed for something else, and over restarts. The page Cache says more.</source>
        <translation>Was bleibt, wenn der Arbeitsspeicher für anderes gebraucht wird, und über Neustarts hinweg. Die Seite Cache sagt mehr.</translation>
    </message>
    <message>
        <source>Prompt cache on the disk</source>
        <translation>Prompt-Cache auf dem Datenträger</translation>
    </message>
</context>
<context>
    <name>larder::ui::OverviewPage</name>
    <message>
        <source>Overview</source>
        <translation>Übersicht</translation>
    </message>
    <message>
        <source>No model yet</source>
        <translation>Noch kein Modell</translation>
    </message>
    <message>
        <source>Larder needs a language model to answer with. Choose one that fits this machine; it is downloaded once and stays on your disk.</source>
        <translation>Larder braucht ein Sprachmodell, um zu antworten. Wählen Sie eines, das zu diesem Rechner passt; es wird einmal heruntergeladen und bleibt auf Ihrem Datenträger.</translation>
    </message>
    <message>
        <source>Get a model</source>
        <translation>Modell holen</translation>
    </message>
    <message>
        <source>This run</source>
        <translation>Dieser Lauf</translation>
    </message>
    <message>
        <source>Prefill</source>
        <translation>Prefill</translation>
    </message>
    <message>
        <source>Decode</source>
        <translation>Decode</translation>
    </message>
    <message>
        <source>Time to first token</source>
        <translation>Zeit bis zum ersten Token</translation>
    </message>
    <message>
        <source>Cache efficiency</source>
        <translation>Cache-Nutzen</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Waiting for the first request</source>
        <translation>Wartet auf die erste Anfrage</translation>
    </message>
    <message>
        <source>The server is not running</source>
        <translation>Der Server läuft nicht</translation>
    </message>
    <message>
        <source>Some settings take effect when the server starts anew.</source>
        <translation>Einige Einstellungen gelten erst nach einem Neustart des Servers.</translation>
    </message>
    <message>
        <source>Restart the server</source>
        <translation>Server neu starten</translation>
    </message>
    <message>
        <source>Since %1: %2 prompt tokens, %3 of them from the cache, and %4 generated.</source>
        <translation>Seit %1: %2 Prompt-Token, davon %3 aus dem Cache, und %4 erzeugte.</translation>
    </message>
    <message>
        <source>Figures appear here while the server runs.</source>
        <translation>Hier stehen Zahlen, solange der Server läuft.</translation>
    </message>
    <message>
        <source>Connect Claude Code</source>
        <translation>Claude Code verbinden</translation>
    </message>
</context>
<context>
    <name>larder::ui::PortField</name>
    <message>
        <source>Port</source>
        <translation>Port</translation>
    </message>
    <message>
        <source>any free port</source>
        <translation>irgendein freier Port</translation>
    </message>
    <message>
        <source>Use %1</source>
        <translation>%1 nehmen</translation>
    </message>
</context>
<context>
    <name>larder::ui::PrefixTable</name>
    <message>
        <source>pinned</source>
        <translation>angeheftet</translation>
    </message>
    <message>
        <source>%1
%2
First kept %3, last used %4</source>
        <translation>%1
%2
Zuerst aufgehoben %3, zuletzt benutzt %4</translation>
    </message>
    <message>
        <source>Of all its blocks, those that other prefixes begin with included.</source>
        <translation>Von allen seinen Blöcken, auch denen, mit denen andere Präfixe beginnen.</translation>
    </message>
    <message>
        <source>Of the blocks that no other prefix needs: what clearing it alone would free.</source>
        <translation>Von den Blöcken, die kein anderes Präfix braucht: was frei würde, wenn es allein gelöscht würde.</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Own size</source>
        <translation>Eigene Größe</translation>
    </message>
    <message>
        <source>Uses</source>
        <translation>Benutzt</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>Zuletzt</translation>
    </message>
    <message>
        <source>Pin</source>
        <comment>column</comment>
        <translation>Angeheftet</translation>
    </message>
    <message>
        <source>in part</source>
        <translation>teilweise</translation>
    </message>
</context>
<context>
    <name>larder::ui::RepositoryChoice</name>
    <message>
        <source>Look up</source>
        <translation>Nachsehen</translation>
    </message>
    <message>
        <source>Hugging Face ID</source>
        <translation>Hugging-Face-Name</translation>
    </message>
    <message>
        <source>organisation/name, or a link to its page</source>
        <translation>Organisation/Name oder ein Link zur Seite</translation>
    </message>
    <message>
        <source>File to download</source>
        <translation>Datei zum Herunterladen</translation>
    </message>
    <message>
        <source>Press &quot;Look up&quot; to see what there is to download.</source>
        <translation>Mit „Nachsehen“ sehen Sie, was es herunterzuladen gibt.</translation>
    </message>
    <message>
        <source>Looking up %1 ...</source>
        <translation>%1 wird nachgesehen ...</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>There is no model in this repository that could be downloaded: look for one with GGUF files.</source>
        <translation>In diesem Repository ist kein Modell, das sich herunterladen lässt: Suchen Sie eines mit GGUF-Dateien.</translation>
    </message>
    <message>
        <source>cannot run yet</source>
        <translation>läuft noch nicht</translation>
    </message>
    <message>
        <source>too big for this machine</source>
        <translation>zu groß für diesen Rechner</translation>
    </message>
    <message>
        <source>tight fit</source>
        <translation>knapp</translation>
    </message>
    <message>
        <source>fits</source>
        <translation>passt</translation>
    </message>
</context>
<context>
    <name>larder::ui::RepositoryList</name>
    <message>
        <source>%1 downloads</source>
        <translation>%1 Downloads</translation>
    </message>
    <message>
        <source>%1 likes</source>
        <translation>%1 Likes</translation>
    </message>
    <message>
        <source>updated %1</source>
        <translation>geändert %1</translation>
    </message>
    <message>
        <source>asks you to accept terms</source>
        <translation>verlangt Zustimmung zu Bedingungen</translation>
    </message>
    <message>
        <source>%1k window</source>
        <translation>Kontext %1k</translation>
    </message>
    <message>
        <source>suggested</source>
        <translation>Vorschlag</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>larder::ui::RepositoryPanel</name>
    <message>
        <source>Open its page</source>
        <translation>Seite öffnen</translation>
    </message>
    <message>
        <source>Versions to choose from</source>
        <translation>Fassungen zur Auswahl</translation>
    </message>
    <message>
        <source>Hugging Face token: hf_...</source>
        <translation>Hugging-Face-Token: hf_...</translation>
    </message>
    <message>
        <source>Hugging Face token</source>
        <translation>Hugging-Face-Token</translation>
    </message>
    <message>
        <source>Save token</source>
        <translation>Token speichern</translation>
    </message>
    <message>
        <source>Choose a model to see its versions.</source>
        <translation>Wählen Sie ein Modell, um seine Fassungen zu sehen.</translation>
    </message>
    <message>
        <source>Asking Hugging Face ...</source>
        <translation>Hugging Face wird gefragt ...</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>If you accepted the model&apos;s terms on its page, a token of your account proves it.</source>
        <translation>Wenn Sie den Bedingungen des Modells auf seiner Seite zugestimmt haben, weist ein Token Ihres Kontos das nach.</translation>
    </message>
    <message>
        <source>Its licence is not stated.</source>
        <translation>Seine Lizenz ist nicht angegeben.</translation>
    </message>
    <message>
        <source>Licence: %1</source>
        <translation>Lizenz: %1</translation>
    </message>
    <message>
        <source>Nothing in this repository is a model file that Larder knows.</source>
        <translation>Dieses Repository enthält keine Modelldatei, die Larder kennt.</translation>
    </message>
    <message>
        <source>This model asks you to accept its terms: open its page, sign in and accept them. Then make a token in your account&apos;s settings there and paste it here, so that the download is allowed.</source>
        <translation>Dieses Modell verlangt, dass Sie seinen Bedingungen zustimmen: Öffnen Sie seine Seite, melden Sie sich an und stimmen Sie zu. Erzeugen Sie dann dort in den Einstellungen Ihres Kontos ein Token und fügen Sie es hier ein, damit der Download erlaubt wird.</translation>
    </message>
    <message>
        <source>This version is on your disk already.</source>
        <translation>Diese Fassung haben Sie schon.</translation>
    </message>
    <message>
        <source>Not enough room: the download is %1, and %2 are free in the model folder.</source>
        <translation>Nicht genug Platz: Der Download hat %1, im Modellordner sind %2 frei.</translation>
    </message>
</context>
<context>
    <name>larder::ui::RequestDetails</name>
    <message>
        <source>%1 tokens: %2</source>
        <translation>%1 Token: %2</translation>
    </message>
    <message>
        <source>read in %1 ms</source>
        <translation>gelesen in %1 ms</translation>
    </message>
    <message>
        <source>waited %1</source>
        <translation>gewartet %1</translation>
    </message>
    <message>
        <source>computed in %1</source>
        <translation>berechnet in %1</translation>
    </message>
    <message>
        <source>answered at %1</source>
        <translation>geantwortet mit %1</translation>
    </message>
    <message>
        <source>Details of the chosen request</source>
        <translation>Einzelheiten der gewählten Anfrage</translation>
    </message>
    <message>
        <source>There stood</source>
        <translation>Dort stand</translation>
    </message>
    <message>
        <source>Here stands</source>
        <translation>Hier steht</translation>
    </message>
</context>
<context>
    <name>larder::ui::RequestListCard</name>
    <message>
        <source>Running and recent</source>
        <translation>Laufende und letzte</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>Cancel the chosen request</source>
        <translation>Die gewählte Anfrage abbrechen</translation>
    </message>
    <message>
        <source>from memory</source>
        <translation>aus dem Speicher</translation>
    </message>
    <message>
        <source>from the disk</source>
        <translation>von der Platte</translation>
    </message>
    <message>
        <source>computed</source>
        <translation>berechnet</translation>
    </message>
    <message>
        <source>Colours of the bars: from memory, from the disk, computed</source>
        <translation>Farben der Balken: aus dem Speicher, von der Platte, berechnet</translation>
    </message>
    <message>
        <source>Choose a request first.</source>
        <translation>Wählen Sie zuerst eine Anfrage.</translation>
    </message>
    <message>
        <source>Its client is told that it was cancelled. What was computed stays in the cache.</source>
        <translation>Das fragende Programm erfährt, dass sie abgebrochen wurde. Was berechnet ist, bleibt im Cache.</translation>
    </message>
    <message>
        <source>It is over.</source>
        <translation>Sie ist zu Ende.</translation>
    </message>
</context>
<context>
    <name>larder::ui::RequestTable</name>
    <message>
        <source>%1 of those from memory came from a request beside it</source>
        <translation>%1 von denen aus dem Speicher kamen von einer Anfrage nebenan</translation>
    </message>
    <message>
        <source>Tokens of the prompt</source>
        <translation>Token des Prompts</translation>
    </message>
    <message>
        <source>Where the tokens of the prompt came from</source>
        <translation>Woher die Token des Prompts kamen</translation>
    </message>
    <message>
        <source>Tokens of the answer so far</source>
        <translation>Token der Antwort bisher</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>Anfrage</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Client</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>Prompt</translation>
    </message>
    <message>
        <source>Came from</source>
        <translation>Herkunft</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Dauer</translation>
    </message>
</context>
<context>
    <name>larder::ui::RequestsPage</name>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>No request came since the server started. Programs that ask it show here, with what the cache saved them.</source>
        <translation>Seit dem Start des Servers kam keine Anfrage. Programme, die ihn fragen, erscheinen hier, mit dem, was der Cache ihnen erspart hat.</translation>
    </message>
    <message>
        <source>The server does not run. Its requests show here, with what the cache saved them.</source>
        <translation>Der Server läuft nicht. Seine Anfragen erscheinen hier, mit dem, was der Cache ihnen erspart hat.</translation>
    </message>
</context>
<context>
    <name>larder::ui::ServerCard</name>
    <message>
        <source>Open settings</source>
        <translation>Einstellungen öffnen</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>Adresse kopieren</translation>
    </message>
    <message>
        <source>API key</source>
        <translation>API-Schlüssel</translation>
    </message>
    <message>
        <source>Copy the API key</source>
        <translation>API-Schlüssel kopieren</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Copy the command</source>
        <translation>Befehl kopieren</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Anzeigen</translation>
    </message>
    <message>
        <source>Show the API key</source>
        <translation>API-Schlüssel anzeigen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Start server</source>
        <translation>Server starten</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Stop server</source>
        <translation>Server anhalten</translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation>Wird angehalten ...</translation>
    </message>
    <message>
        <source>about %1 until the answer begins</source>
        <translation>noch etwa %1, bis die Antwort beginnt</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>Verbergen</translation>
    </message>
    <message>
        <source>threads: %1</source>
        <translation>Threads: %1</translation>
    </message>
    <message>
        <source>cores: %1</source>
        <translation>Kerne: %1</translation>
    </message>
    <message>
        <source>%1 memory</source>
        <translation>%1 Arbeitsspeicher</translation>
    </message>
    <message>
        <source>no GPU is used</source>
        <translation>ohne GPU</translation>
    </message>
    <message>
        <source>Prompt being read</source>
        <translation>Prompt, der gelesen wird</translation>
    </message>
</context>
<context>
    <name>larder::ui::SettingsForm</name>
    <message>
        <source>There is no file there that Larder can read.</source>
        <translation>Dort ist keine Datei, die Larder lesen kann.</translation>
    </message>
    <message>
        <source> GB</source>
        <translation> GB</translation>
    </message>
    <message>
        <source>16-bit (default)</source>
        <translation>16 Bit (Standard)</translation>
    </message>
    <message>
        <source>32-bit (twice the memory)</source>
        <translation>32 Bit (doppelter Speicher)</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>None (fastest)</source>
        <translation>Keine (am schnellsten)</translation>
    </message>
    <message>
        <source>zstd (smaller files, slower)</source>
        <translation>zstd (kleinere Dateien, langsamer)</translation>
    </message>
</context>
<context>
    <name>larder::ui::SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>&amp;Revert</source>
        <translation>&amp;Verwerfen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Save and res&amp;tart</source>
        <translation>Speichern und &amp;neu starten</translation>
    </message>
    <message>
        <source>Some stored settings are used once the server starts anew.</source>
        <translation>Einige gespeicherte Einstellungen gelten erst nach einem Neustart des Servers.</translation>
    </message>
    <message>
        <source>Restart now</source>
        <translation>Jetzt neu starten</translation>
    </message>
    <message>
        <source>Used once the server starts anew: %1.</source>
        <translation>Gilt erst nach einem Neustart des Servers: %1.</translation>
    </message>
    <message>
        <source>Changed: %1.</source>
        <translation>Geändert: %1.</translation>
    </message>
</context>
<context>
    <name>larder::ui::SetupRun</name>
    <message>
        <source>Looking up %1 ...</source>
        <translation>%1 wird nachgesehen ...</translation>
    </message>
    <message>
        <source>Storing the settings ...</source>
        <translation>Die Einstellungen werden gespeichert ...</translation>
    </message>
</context>
<context>
    <name>larder::ui::SnippetsCard</name>
    <message>
        <source>Other programs</source>
        <translation>Andere Programme</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Whatever speaks the interface of OpenAI or of Anthropic can use Larder.</source>
        <translation>Was die Schnittstelle von OpenAI oder von Anthropic spricht, kann Larder nutzen.</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>Example for %1</source>
        <translation>Beispiel für %1</translation>
    </message>
    <message>
        <source>Copy the example for %1</source>
        <translation>Das Beispiel für %1 kopieren</translation>
    </message>
</context>
<context>
    <name>larder::ui::StepList</name>
    <message>
        <source>Step %1 of %2: %3</source>
        <translation>Schritt %1 von %2: %3</translation>
    </message>
</context>
<context>
    <name>larder::ui::TokenField</name>
    <message>
        <source>Store</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Store the token</source>
        <translation>Token speichern</translation>
    </message>
    <message>
        <source>Remove the token</source>
        <translation>Token entfernen</translation>
    </message>
    <message>
        <source>Models whose terms you accepted with it can no longer be downloaded.</source>
        <translation>Modelle, deren Bedingungen Sie damit zugestimmt haben, lassen sich dann nicht mehr herunterladen.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>New Hugging Face token; a token is set</source>
        <translation>Neues Hugging-Face-Token; eines ist hinterlegt</translation>
    </message>
    <message>
        <source>Hugging Face token</source>
        <translation>Hugging-Face-Token</translation>
    </message>
    <message>
        <source>A token is set. It is sent to the hub only, and not shown here.</source>
        <translation>Ein Token ist hinterlegt. Es wird nur an den Hub geschickt und hier nicht gezeigt.</translation>
    </message>
    <message>
        <source>No token is set. Only models behind terms of use need one.</source>
        <translation>Kein Token ist hinterlegt. Nur Modelle mit Nutzungsbedingungen brauchen eines.</translation>
    </message>
</context>
<context>
    <name>larder::ui::Tray</name>
    <message>
        <source>Open Larder</source>
        <translation>Larder öffnen</translation>
    </message>
    <message>
        <source>Restart server to use the new settings</source>
        <translation>Server neu starten, damit die neuen Einstellungen gelten</translation>
    </message>
    <message>
        <source>Serving stats</source>
        <translation>Zahlen</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>Adresse kopieren</translation>
    </message>
    <message>
        <source>Copy API key</source>
        <translation>API-Schlüssel kopieren</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>About Larder</source>
        <translation>Über Larder</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>This run: %1 tokens processed</source>
        <translation>Dieser Lauf: %1 Token verarbeitet</translation>
    </message>
    <message>
        <source>Tokens from the cache: %1</source>
        <translation>Token aus dem Cache: %1</translation>
    </message>
    <message>
        <source>Cache efficiency: %1</source>
        <translation>Cache-Nutzen: %1</translation>
    </message>
    <message>
        <source>Prefill: %1</source>
        <translation>Prefill: %1</translation>
    </message>
    <message>
        <source>Decode: %1</source>
        <translation>Decode: %1</translation>
    </message>
    <message>
        <source>Time to first token: %1</source>
        <translation>Zeit bis zum ersten Token: %1</translation>
    </message>
    <message>
        <source>Stop server</source>
        <translation>Server anhalten</translation>
    </message>
    <message>
        <source>Start server</source>
        <translation>Server starten</translation>
    </message>
    <message>
        <source>Try to start the server again</source>
        <translation>Noch einmal versuchen, den Server zu starten</translation>
    </message>
    <message>
        <source>Stopping ...</source>
        <translation>Wird angehalten ...</translation>
    </message>
    <message>
        <source>No model yet</source>
        <translation>Noch kein Modell</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>Entladen</translation>
    </message>
    <message>
        <source>Manage models ...</source>
        <translation>Modelle verwalten ...</translation>
    </message>
    <message>
        <source>Larder</source>
        <translation>Larder</translation>
    </message>
    <message>
        <source>All of them</source>
        <translation>Alle</translation>
    </message>
</context>
<context>
    <name>larder::ui::WelcomeStep</name>
    <message>
        <source>Welcome to Larder</source>
        <translation>Willkommen bei Larder</translation>
    </message>
    <message>
        <source>Language models on your own computer, served to your coding agents.</source>
        <translation>Sprachmodelle auf Ihrem eigenen Rechner, bereit für Ihre Programmier-Agenten.</translation>
    </message>
    <message>
        <source>Runs a language model here: no account, and nothing you write leaves this computer.</source>
        <translation>Ein Sprachmodell läuft hier: ohne Konto, und nichts, was Sie schreiben, verlässt diesen Rechner.</translation>
    </message>
    <message>
        <source>Works on the processor alone: no graphics card is needed.</source>
        <translation>Der Prozessor genügt: Sie brauchen keine Grafikkarte.</translation>
    </message>
    <message>
        <source>Speaks the OpenAI protocol at an address of yours; start and stop it from the tray.</source>
        <translation>Spricht das OpenAI-Protokoll unter einer eigenen Adresse; starten und anhalten können Sie es über das Symbol in der Leiste.</translation>
    </message>
    <message>
        <source>&amp;Get started</source>
        <translation>&amp;Los geht’s</translation>
    </message>
    <message>
        <source>Settings and logs are kept in %1, models in %2. The next page lets you choose other folders.</source>
        <translation>Einstellungen und Protokolle liegen in %1, Modelle in %2. Auf der nächsten Seite können Sie andere Ordner wählen.</translation>
    </message>
</context>
<context>
    <name>larder::ui::Wizard</name>
    <message>
        <source>Set up Larder</source>
        <translation>Larder einrichten</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation>Willkommen</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Access</source>
        <translation>Zugang</translation>
    </message>
    <message>
        <source>First model</source>
        <translation>Erstes Modell</translation>
    </message>
</context>
</TS>
