// A request as Codex CLI 0.169 sends it in the middle of a task, shortened: the same fields, items and kinds of tools.
#pragma once

namespace larder::api {

inline constexpr const char* kCodexBody = R"json({"model":"tiny","stream":true,"input":[
{"type":"message","id":"msg_01","role":"developer","content":[{"type":"input_text","text":"You are an agent that works in a terminal."}]},
{"type":"message","id":"msg_02","role":"developer","content":[{"type":"input_text","text":"Skills: none."},{"type":"input_text","text":"Permissions: all."}]},
{"type":"message","id":"msg_03","role":"user","content":[{"type":"input_text","text":"<environment_context>/tmp</environment_context>"}]},
{"type":"message","id":"msg_04","role":"user","content":[{"type":"input_text","text":"Translate the file."}]},
{"type":"reasoning","id":"rs_05","summary":[{"type":"summary_text","text":"I read it first."}],"encrypted_content":"larder1.SSByZWFkIGl0IGZpcnN0Lg=="},
{"type":"message","id":"msg_06","role":"assistant","status":"completed","content":[{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}]},
{"type":"function_call","id":"fc_07","status":"completed","name":"exec_command","arguments":"{\"cmd\": \"cat a\", \"n\":1}","call_id":"call_1"},
{"type":"function_call","id":"fc_08","status":"completed","name":"spawn_agent","namespace":"multi_agent_v1","arguments":"{}","call_id":"call_2"},
{"type":"custom_tool_call","id":"ctc_09","status":"completed","name":"apply_patch","input":"*** Begin\n\"x\"","call_id":"call_3"},
{"type":"function_call_output","id":"fco_10","call_id":"call_1","output":"one\ntwo\n"},
{"type":"function_call_output","id":"fco_11","call_id":"call_2","output":[{"type":"input_text","text":"agent"},{"type":"input_text","text":"9"}]},
{"type":"custom_tool_call_output","id":"fco_12","call_id":"call_3","output":"done"},
{"type":"message","id":"msg_13","role":"user","content":"Go on."}],
"tools":[
{"type":"function","name":"exec_command","description":"Runs.","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"required":["cmd"]}},
{"type":"namespace","name":"multi_agent_v1","description":"Agents.","tools":[{"type":"function","name":"spawn_agent","parameters":{"type":"object","properties":{}}},{"type":"function","name":"exec_command"}]},
{"type":"custom","name":"apply_patch","description":"Patches.","format":{"type":"grammar","syntax":"lark","definition":"start: \"x\""}},
{"type":"web_search","external_web_access":true}],
"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"summary":"auto"},"store":false,"include":["reasoning.encrypted_content"],
"prompt_cache_key":"01a2","client_metadata":{"turn_id":"01a3"}})json";

}  // namespace larder::api
