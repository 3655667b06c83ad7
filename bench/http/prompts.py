"""Prompts of plain words, as token ids: never the same twice, so that nothing of one is remembered from another."""
import random

WORDS = """the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you
were her all she there would their we him been has when who will more no if out so said what up its about into than them can only
other new some could time these two may then do first any my now such like our over man me even most made after also did many
before must through back years where much your way well down should because each just those people how too little state good very
make world still own see men work long get here between both life being under never day same another know while last might us
great old year off come since against go came right used take three""".split()


class Prompts:
    def __init__(self, server, seed=1):
        """Asks the server for the words' ids; only words of one token are used."""
        self._random = random.Random(seed)
        ids = (server.tokenize(" " + word) for word in WORDS)
        self.ids = [word[0] for word in ids if len(word) == 1]

    @property
    def plain(self):
        """A token that is a whole word: as an answer it is never held back for its text to be whole."""
        return self.ids[0]

    def fresh(self, tokens):
        return self._random.choices(self.ids, k=tokens)

    def other_than(self, token):
        return self._random.choice([known for known in self.ids if known != token])
