// The official SDKs against the whole server, whose model says what sdk_test.py told it. Run by sdk_test.py with:
// LARDER_ADDRESS, LARDER_KEY, LARDER_MODEL, LARDER_MODULES (a node_modules folder).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const modules = createRequire(process.env.LARDER_MODULES + "/");
const { default: Anthropic } = modules("@anthropic-ai/sdk");
const { default: OpenAI } = modules("openai");
const { LARDER_ADDRESS: address, LARDER_KEY: key, LARDER_MODEL: model } = process.env;

const anthropic = new Anthropic({ baseURL: address, authToken: key, apiKey: null, maxRetries: 0 });
const openai = new OpenAI({ baseURL: address + "/v1", apiKey: key, maxRetries: 0 });

const user = (content) => [{ role: "user", content }];
const weather = {
  name: "get_weather", description: "The weather of a city",
  input_schema: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } }, required: ["city"] },
};
const weatherFunction = { type: "function", function: { name: weather.name, description: weather.description, parameters: weather.input_schema } };

const seconds = (count) => new Promise((resolve) => setTimeout(resolve, 1000 * count));
async function running() {
  const reply = await fetch(address + "/api/status", { headers: { authorization: "Bearer " + key } });
  const { total } = await reply.json();
  return total.running + total.waiting;
}
async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}
// Nothing computes any more, within a second.
async function expectIdle() {
  for (let i = 0; i < 20 && (await running()) > 0; ++i) await seconds(0.05);
  assert.equal(await running(), 0);
}

test("anthropic: an answer", async () => {
  const message = await anthropic.messages.create({ model, max_tokens: 100, messages: user("SAY-HELLO") });
  assert.equal(message.type, "message");
  assert.equal(message.role, "assistant");
  assert.equal(message.model, model);
  assert.match(message.id, /^msg_/);
  assert.deepEqual(message.content.map((block) => [block.type, block.text]), [["text", "Hello. Größe: 5 µm ✓"]]);
  assert.equal(message.stop_reason, "end_turn");
  assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
});

test("anthropic: a stream, event by event", async () => {
  const events = await collect(await anthropic.messages.create({ model, max_tokens: 100, stream: true, messages: user("SAY-HELLO") }));
  const kinds = events.map((event) => event.type).filter((kind) => kind !== "ping" && kind !== "content_block_delta");
  assert.deepEqual(kinds, ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]);
  const text = events.filter((event) => event.type === "content_block_delta").map((event) => event.delta.text).join("");
  assert.equal(text, "Hello. Größe: 5 µm ✓");
  const delta = events.find((event) => event.type === "message_delta");
  assert.equal(delta.delta.stop_reason, "end_turn");
  assert.ok(delta.usage.output_tokens > 0);
});

test("anthropic: system, max_tokens and stop_sequences", async () => {
  const short = await anthropic.messages.create({ model, max_tokens: 3, system: "Be brief.", messages: user("SAY-HELLO") });
  assert.equal(short.stop_reason, "max_tokens");
  assert.equal(short.usage.output_tokens, 3);
  const stopped = await anthropic.messages.create({ model, max_tokens: 100, stop_sequences: [" 5"], system: [{ type: "text", text: "Be brief." }],
                                                    messages: user([{ type: "text", text: "SAY-HELLO" }]) });
  assert.equal(stopped.stop_reason, "stop_sequence");
  assert.equal(stopped.stop_sequence, " 5");
  assert.equal(stopped.content[0].text, "Hello. Größe:");
});

for (const streamed of [false, true]) {
  test(`anthropic: a tool loop, ${streamed ? "streamed" : "whole"}`, async () => {
    const ask = async (messages) => {
      const body = { model, max_tokens: 500, tools: [weather], messages };
      return streamed ? anthropic.messages.stream(body).finalMessage() : anthropic.messages.create(body);
    };
    const messages = user(`USE-TOOLS ${streamed}`);
    const first = await ask(messages);
    assert.equal(first.stop_reason, "tool_use");
    assert.deepEqual(first.content.map((block) => block.type), ["text", "tool_use", "tool_use"]);
    assert.equal(first.content[0].text.trim(), "I ask for both.");
    const calls = first.content.slice(1);
    assert.deepEqual(calls.map((call) => [call.name, call.input]), [["get_weather", { city: "Köln", days: 2 }], ["get_weather", { city: "Rio \"de\" Janeiro" }]]);
    assert.notEqual(calls[0].id, calls[1].id);
    messages.push({ role: "assistant", content: first.content });
    messages.push({ role: "user", content: [
      { type: "tool_result", tool_use_id: calls[0].id, content: "rain" },
      { type: "tool_result", tool_use_id: calls[1].id, is_error: true, content: [{ type: "text", text: "no such city" }] }] });
    const second = await ask(messages);
    assert.equal(second.content[0].text, "Rain in one of them.");
    assert.notEqual(second.id, first.id);
    const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = first.usage;
    assert.ok(second.usage.cache_read_input_tokens >= input_tokens + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0) + output_tokens - 64,
              JSON.stringify([first.usage, second.usage]));
    const counted = await anthropic.messages.countTokens({ model, tools: [weather], messages });
    assert.equal(counted.input_tokens, second.usage.input_tokens + second.usage.cache_read_input_tokens + (second.usage.cache_creation_input_tokens ?? 0));
  });
}

test("anthropic: forced tools", async () => {
  for (const tool_choice of [{ type: "any" }, { type: "tool", name: "get_weather" }]) {
    const message = await anthropic.messages.create({ model, max_tokens: 500, tools: [weather], tool_choice, messages: user("FORCED") });
    assert.deepEqual(message.content.map((block) => block.type), ["tool_use"]);
    assert.equal(message.content[0].name, "get_weather");
    assert.deepEqual(message.content[0].input, { city: "Bonn" });
    assert.equal(message.stop_reason, "tool_use");
  }
  const none = await anthropic.messages.create({ model, max_tokens: 500, tools: [weather], tool_choice: { type: "none" }, messages: user("SAY-HELLO") });
  assert.deepEqual(none.content.map((block) => block.type), ["text"]);
});

test("anthropic: thinking, there and back", async () => {
  const ask = (messages) => anthropic.messages.stream({ model, max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1024 }, tools: [weather], messages }).finalMessage();
  const messages = user("THINK-FIRST");
  const first = await ask(messages);
  assert.deepEqual(first.content.map((block) => block.type), ["thinking", "tool_use"]);
  assert.equal(first.content[0].thinking.trim(), "A city is needed.");
  assert.equal(typeof first.content[0].signature, "string");
  messages.push({ role: "assistant", content: first.content });
  messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: first.content[1].id, content: "sun" }] });
  const second = await ask(messages);
  assert.equal(second.content.at(-1).text, "Sun.");
  const { input_tokens, cache_read_input_tokens, output_tokens } = first.usage;
  assert.ok(second.usage.cache_read_input_tokens >= input_tokens + (cache_read_input_tokens ?? 0) + output_tokens - 64, JSON.stringify([first.usage, second.usage]));
});

test("anthropic: errors", async () => {
  const body = { model, max_tokens: 10, messages: user("SAY-HELLO") };
  const stranger = new Anthropic({ baseURL: address, authToken: "wrong", apiKey: null, maxRetries: 0 });
  await assert.rejects(stranger.messages.create(body), (error) => error instanceof Anthropic.AuthenticationError && error.status === 401 && error.error.error.type === "authentication_error");
  await assert.rejects(anthropic.messages.create({ ...body, model: "no-such-model" }), (error) => error instanceof Anthropic.NotFoundError && error.error.error.type === "not_found_error");
  for (const wrong of [{ messages: [] }, { messages: [{ role: "nobody", content: "x" }] }, { max_tokens: -1 }, { temperature: "hot" }])
    await assert.rejects(anthropic.messages.create({ ...body, ...wrong }), (error) => error instanceof Anthropic.BadRequestError && error.error.error.type === "invalid_request_error", JSON.stringify(wrong));
  await assert.rejects(anthropic.messages.create({ ...body, messages: user("words and words ".repeat(100000)) }), (error) => error.status === 400 && /prompt is too long: \d+ tokens > \d+ maximum/.test(error.message));
  await assert.rejects(anthropic.messages.create({ ...body, messages: user([{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }]) }),
                       (error) => error.status === 400 && error.message.includes(model));
});

test("anthropic: an answer that is given up", async () => {
  const stream = anthropic.messages.stream({ model, max_tokens: 20000, messages: user("TALK-LONG") });
  await new Promise((resolve) => stream.once("text", resolve));
  assert.equal(await running(), 1);
  stream.abort();
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  await expectIdle();
});

test("anthropic: 27 counts at once", async () => {
  const body = { model, messages: user("SAY-HELLO"), tools: [weather] };
  const counts = await Promise.all(Array.from({ length: 27 }, () => anthropic.messages.countTokens(body)));
  assert.equal(new Set(counts.map((count) => count.input_tokens)).size, 1);
});

test("anthropic: models", async () => {
  const page = await anthropic.models.list();
  assert.deepEqual(page.data.map((each) => each.id), [model]);
});

test("openai: an answer", async () => {
  const answer = await openai.chat.completions.create({ model, messages: [{ role: "developer", content: "Be kind." }, ...user([{ type: "text", text: "SAY-HELLO" }])] });
  assert.equal(answer.choices[0].message.content, "Hello. Größe: 5 µm ✓");
  assert.equal(answer.choices[0].finish_reason, "stop");
});

test("openai: a stream", async () => {
  const chunks = await collect(await openai.chat.completions.create({ model, stream: true, stream_options: { include_usage: true }, messages: user("SAY-HELLO") }));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "Hello. Größe: 5 µm ✓");
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
});

for (const streamed of [false, true]) {
  test(`openai: a tool loop, ${streamed ? "streamed" : "whole"}`, async () => {
    const ask = async (messages) => {
      const body = { model, tools: [weatherFunction], messages };
      return streamed ? openai.chat.completions.stream(body).finalChatCompletion() : openai.chat.completions.create(body);
    };
    const messages = user(`USE-TOOLS openai ${streamed}`);
    const first = (await ask(messages)).choices[0];
    assert.equal(first.finish_reason, "tool_calls");
    assert.deepEqual(first.message.tool_calls.map((call) => [call.type, call.function.name, JSON.parse(call.function.arguments)]),
                     [["function", "get_weather", { city: "Köln", days: 2 }], ["function", "get_weather", { city: "Rio \"de\" Janeiro" }]]);
    messages.push(first.message);
    for (const call of first.message.tool_calls) messages.push({ role: "tool", tool_call_id: call.id, content: "rain" });
    const second = await ask(messages);
    assert.equal(second.choices[0].message.content, "Rain in one of them.");
  });
}

test("openai: forced tools", async () => {
  for (const tool_choice of ["required", { type: "function", function: { name: "get_weather" } }]) {
    const answer = await openai.chat.completions.create({ model, tools: [weatherFunction], tool_choice, messages: user("FORCED") });
    const [call] = answer.choices[0].message.tool_calls;
    assert.deepEqual([call.function.name, JSON.parse(call.function.arguments)], ["get_weather", { city: "Bonn" }]);
  }
});

test("openai: errors", async () => {
  const body = { model, messages: user("SAY-HELLO") };
  await assert.rejects(new OpenAI({ baseURL: address + "/v1", apiKey: "wrong", maxRetries: 0 }).chat.completions.create(body), OpenAI.AuthenticationError);
  await assert.rejects(openai.chat.completions.create({ ...body, model: "no-such-model" }), OpenAI.NotFoundError);
  await assert.rejects(openai.chat.completions.create({ ...body, messages: "x" }), OpenAI.BadRequestError);
  await assert.rejects(openai.chat.completions.create({ ...body, messages: user("words and words ".repeat(100000)) }),
                       (error) => error.status === 400 && error.code === "context_length_exceeded");
});

test("openai: an answer that is given up", async () => {
  const stream = await openai.chat.completions.create({ model, stream: true, messages: user("TALK-LONG") });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
  stream.controller.abort();
  await expectIdle();
});

const weatherTool = { type: "function", name: weather.name, description: weather.description, parameters: weather.input_schema, strict: false };

test("openai responses: an answer", async () => {
  const response = await openai.responses.create({ model, instructions: "Be kind.", input: "SAY-HELLO" });
  assert.equal(response.output_text, "Hello. Größe: 5 µm ✓");
  assert.equal(response.status, "completed");
  assert.match(response.id, /^resp_/);
  assert.deepEqual(response.output.map((item) => [item.type, item.role, item.status]), [["message", "assistant", "completed"]]);
  assert.ok(response.usage.input_tokens > 0 && response.usage.output_tokens > 0);
  const short = await openai.responses.create({ model, input: user("SAY-HELLO"), max_output_tokens: 3 });
  assert.deepEqual([short.status, short.incomplete_details.reason, short.usage.output_tokens], ["incomplete", "max_output_tokens", 3]);
});

test("openai responses: a stream, event by event", async () => {
  const events = await collect(await openai.responses.create({ model, stream: true, input: "SAY-HELLO" }));
  const kinds = events.map((event) => event.type).filter((kind) => kind !== "response.output_text.delta");
  assert.deepEqual(kinds, ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                           "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]);
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
  const text = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta).join("");
  assert.equal(text, "Hello. Größe: 5 µm ✓");
});

for (const streamed of [false, true]) {
  test(`openai responses: a tool loop, ${streamed ? "streamed" : "whole"}`, async () => {
    const ask = async (input) => {
      const body = { model, tools: [weatherTool], input };
      return streamed ? openai.responses.stream(body).finalResponse() : openai.responses.create(body);
    };
    const input = user(`USE-TOOLS responses ${streamed}`);
    const first = await ask(input);
    assert.deepEqual(first.output.map((item) => item.type), ["message", "function_call", "function_call"]);
    const calls = first.output.slice(1);
    assert.deepEqual(calls.map((call) => [call.name, JSON.parse(call.arguments)]),
                     [["get_weather", { city: "Köln", days: 2 }], ["get_weather", { city: "Rio \"de\" Janeiro" }]]);
    input.push(...first.output);
    for (const call of calls) input.push({ type: "function_call_output", call_id: call.call_id, output: "rain" });
    const second = await ask(input);
    assert.equal(second.output_text, "Rain in one of them.");
    assert.ok(second.usage.input_tokens_details.cached_tokens >= first.usage.input_tokens + first.usage.output_tokens - 64, JSON.stringify([first.usage, second.usage]));
  });
}

test("openai responses: forced tools", async () => {
  for (const tool_choice of ["required", { type: "function", name: "get_weather" }]) {
    const { output } = await openai.responses.create({ model, tools: [weatherTool], tool_choice, input: "FORCED" });
    assert.deepEqual(output.map((item) => [item.type, item.name, JSON.parse(item.arguments)]), [["function_call", "get_weather", { city: "Bonn" }]]);
  }
});

for (const reasoning of [{}, { summary: "auto" }]) {
  test(`openai responses: reasoning, there and back ${JSON.stringify(reasoning)}`, async () => {
    const include = ["reasoning.encrypted_content"];
    const ask = (input) => openai.responses.stream({ model, tools: [weatherTool], reasoning, include, store: false, input }).finalResponse();
    const input = user("THINK-FIRST responses");
    const first = await ask(input);
    assert.deepEqual(first.output.map((item) => item.type), ["reasoning", "function_call"]);
    const [part] = reasoning.summary ? first.output[0].summary : first.output[0].content;
    assert.equal(part.text.trim(), "A city is needed.");
    assert.ok(first.usage.output_tokens_details.reasoning_tokens > 0);
    input.push(...first.output, { type: "function_call_output", call_id: first.output[1].call_id, output: "sun" });
    const second = await ask(input);
    assert.equal(second.output_text, "Sun.");
    assert.ok(second.usage.input_tokens_details.cached_tokens >= first.usage.input_tokens + first.usage.output_tokens - 64, JSON.stringify([first.usage, second.usage]));
  });
}

test("openai responses: errors", async () => {
  const body = { model, input: "SAY-HELLO" };
  await assert.rejects(openai.responses.create({ ...body, model: "no-such-model" }), OpenAI.NotFoundError);
  await assert.rejects(openai.responses.create({ ...body, previous_response_id: "resp_1" }), (error) => error.status === 400 && /not stored/.test(error.message));
  await assert.rejects(openai.responses.create({ ...body, input: [{ role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AAAA" }] }] }),
                       (error) => error.status === 400 && error.message.includes(model));
  await assert.rejects(openai.responses.create({ ...body, input: "words and words ".repeat(100000) }),
                       (error) => error.status === 400 && error.code === "context_length_exceeded");
});

test("openai responses: an answer that is given up", async () => {
  const stream = await openai.responses.create({ model, stream: true, input: "TALK-LONG" });
  for await (const event of stream) if (event.type === "response.output_text.delta") break;
  stream.controller.abort();
  await expectIdle();
});
