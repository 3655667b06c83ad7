#!/usr/bin/env python3
"""Makes the seeds of request_body_fuzz: bodies with every field that a protocol reads. Run: make_request_body_corpus.py"""
import json
import pathlib

FOLDER = pathlib.Path(__file__).parent / "request_body_corpus"
CHAT, COMPLETIONS, RESPONSES, ANTHROPIC, COUNT = range(5)


def seed(name, protocol, body):
    (FOLDER / name).write_bytes(bytes([protocol]) + json.dumps(body).encode())


FOLDER.mkdir(exist_ok=True)
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "s": {"enum": ["x", "y"]}}, "required": ["a"]}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}

seed("chat", CHAT, {
    "model": "m", "messages": [
        {"role": "developer", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "n"},
        {"role": "assistant", "content": None, "reasoning_content": "r", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "1", "content": "42"},
        {"role": "system", "content": "late"}, {"role": "user", "content": "bye"}],
    "tools": [{"type": "function", "function": FUNCTION}], "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False, "chat_template_kwargs": {"enable_thinking": True, "x": [1]}, "reasoning_effort": "low"})
seed("chat_sampling", CHAT, {
    "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, {"role": "user", "content": "a"}],
    "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "max_tokens": 5, "max_completion_tokens": 6, "stop": ["a", "b"], "seed": 42, "n": 1,
    "frequency_penalty": 0.1, "presence_penalty": 0.2, "repetition_penalty": 1.1, "logit_bias": {"5": 1.5}, "stream": True,
    "stream_options": {"include_usage": True}, "logprobs": True, "top_logprobs": 2, "cache": {"no_store": True, "pin": False},
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}, "priority": "background"})
seed("chat_image", CHAT, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}], "tool_choice": "required",
                          "tools": [{"type": "function", "function": {"name": "f"}}], "response_format": {"type": "json_object"}})
seed("completions", COMPLETIONS, {"model": "m", "prompt": [1, 2, 3], "max_tokens": 0, "echo": True, "logprobs": 3, "stream": False, "stop": "x", "suffix": ""})
seed("completions_text", COMPLETIONS, {"prompt": ["Once <|im_start|>"], "ignore_eos": True, "best_of": 1, "user": "u"})
seed("responses", RESPONSES, {
    "instructions": "i", "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "d"}]}, {"role": "user", "content": "hi"},
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "s"}], "content": [{"type": "reasoning_text", "text": "c"}],
         "encrypted_content": "AAAA"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{\"a\": 1}"},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "42"}]},
        {"type": "custom_tool_call", "call_id": "2", "name": "c", "input": "text"}, {"type": "custom_tool_call_output", "call_id": "2", "output": "o"},
        {"type": "local_shell_call", "call_id": "3", "action": {"type": "exec", "command": ["ls"]}},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "t"}]}, {"role": "user", "content": [{"type": "input_text", "text": "x"}]}],
    "tools": [{"type": "function", **FUNCTION}, {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
              {"type": "local_shell"}, {"type": "web_search"}],
    "tool_choice": {"type": "function", "name": "f"}, "text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}, "verbosity": "low"},
    "reasoning": {"effort": "minimal", "summary": "auto"}, "include": ["reasoning.encrypted_content"], "max_output_tokens": 9, "stream": True, "store": False,
    "metadata": {"k": "v"}, "service_tier": "flex", "truncation": "disabled"})
seed("responses_text", RESPONSES, {"input": "hi", "previous_response_id": None, "tool_choice": "none", "parallel_tool_calls": False, "temperature": 1})
ANTHROPIC_BODY = {
    "model": "m", "max_tokens": 10, "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "x-anthropic-billing-header: a"}],
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "redacted_thinking", "data": "d"},
                                          {"type": "text", "text": "a"}, {"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "is_error": True, "content": [
            {"type": "text", "text": "r"}, {"type": "tool_reference", "tool_name": "g"}, {"type": "image", "source": {"data": ""}}]}, {"type": "text", "text": "b"}]},
        {"role": "system", "content": "late"}, {"role": "user", "content": "c"}],
    "tools": [{"name": "f", "description": "d", "input_schema": SCHEMA}, {"name": "g", "input_schema": {}, "defer_loading": True},
              {"type": "web_search_20250305", "name": "web_search"}],
    "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True}, "thinking": {"type": "enabled", "budget_tokens": 1024}, "stop_sequences": ["x"],
    "temperature": 1, "top_k": 5, "top_p": 0.5, "stream": True, "metadata": {"user_id": "u"}, "context_management": {"edits": []},
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
seed("anthropic", ANTHROPIC, ANTHROPIC_BODY)
seed("anthropic_aside", ANTHROPIC, {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "t"}], "tools": [], "tool_choice": {"type": "auto"}, "system": "s"})
seed("count", COUNT, {key: ANTHROPIC_BODY[key] for key in ("model", "system", "messages", "tools")})
