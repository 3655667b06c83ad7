// A request as Claude Code sends it in the middle of a session, written by hand to its shape: attribution, system blocks, reminders
// beside the prompt, a system message behind it, thinking with a signature, a call with its result, a deferred tool that was
// loaded, and fields that say nothing to a model.
#pragma once

#include <string>

namespace larder::api {

inline const std::string kClaudeCodeBody = R"({
"model":"tiny",
"messages":[
 {"role":"user","content":[
  {"type":"text","text":"<system-reminder>\nThe project's notes: build with make.\n</system-reminder>\n"},
  {"type":"text","text":"<system-reminder>\nBranch main, nothing changed.\n</system-reminder>\n"},
  {"type":"text","text":"What does notes.txt say, and is there news?"}]},
 {"role":"system","content":"Working folder: /tmp/scratch\nToday is 2026-11-21."},
 {"role":"assistant","content":[
  {"type":"thinking","thinking":"I read the file first.","signature":"00c0ffee00c0ffee"},
  {"type":"redacted_thinking","data":"AAAA"},
  {"type":"text","text":"Let me look.\n\n"},
  {"type":"tool_use","id":"toolu_0a","name":"Read","input":{"file_path":"/tmp/scratch/notes.txt","limit":20}},
  {"type":"tool_use","id":"toolu_0b","name":"ToolSearch","input":{"query":"select:WebFetch"}}]},
 {"role":"user","content":[
  {"type":"tool_result","tool_use_id":"toolu_0a","is_error":true,"content":"There is no notes.txt."},
  {"type":"tool_result","tool_use_id":"toolu_0b","content":[{"type":"tool_reference","tool_name":"WebFetch"}]},
  {"type":"text","text":"Tool loaded.","cache_control":{"type":"ephemeral"}}]}],
"system":[
 {"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.328.de3; cc_entrypoint=cli;"},
 {"type":"text","text":"You are an agent that works in a terminal.","cache_control":{"type":"ephemeral"}},
 {"type":"text","text":"Be brief.\nUse tools.","cache_control":{"type":"ephemeral"}}],
"tools":[
 {"name":"Read","description":"Reads a file.","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
  "properties":{"file_path":{"type":"string"},"limit":{"type":"number"}},"required":["file_path"],"additionalProperties":false}},
 {"name":"ToolSearch","description":"Loads tools.","input_schema":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}},
 {"name":"WebFetch","description":"Fetches a page.","input_schema":{"type":"object","properties":{"url":{"type":"string"}},"required":["url"]},"defer_loading":true}],
"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"s\"}"},
"max_tokens":32000,
"temperature":1,
"thinking":{"type":"adaptive","display":"omitted"},
"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
"output_config":{"effort":"high"},
"stream":true})";

}  // namespace larder::api
