// Requests to the API, and what its answers mean for whoever asked.

const loadTimeout = 15_000;
// Longer than the server's retries take: giving up early would only turn answers
// that are on their way into lost ones.
const saveTimeout = 60_000;

// parseExact is JSON.parse, but numbers that JavaScript would round keep their
// spelling, where the browser can do that. They are only shown and sent back.
export function parseExact(text) {
  if (!JSON.rawJSON) return JSON.parse(text);
  return JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && context.source !== String(value)
      ? JSON.rawJSON(context.source) : value);
}

// Names may have any letters; a header may not.
function headers(user, more) {
  return user ? { ...more, "X-User": encodeURIComponent(user) } : { ...more };
}

async function readJSON(response) {
  try {
    return parseExact(await response.text());
  } catch {
    return undefined; // not from the API: a proxy's page, or an answer cut short
  }
}

function describe(response, body) {
  return body?.message || `The server answered ${response.status} ${response.statusText}`.trim() + ".";
}

// loadChange answers {kind: "loaded", metadata, etag}, {kind: "unchanged"} if the
// stored version is the one of etag, or {kind: "failed" | "gone" | "nobody", message}.
export async function loadChange(id, user, etag) {
  let response, body;
  try {
    response = await fetch(`/api/changes/${encodeURIComponent(id)}`, {
      headers: headers(user, etag ? { "If-None-Match": etag } : {}),
      cache: "no-store", // 304 is meant for this script, not for the browser's cache
      signal: AbortSignal.timeout(loadTimeout),
    });
    if (response.status === 304) return { kind: "unchanged" };
    body = await readJSON(response);
  } catch {
    return { kind: "failed", message: "The server can't be reached." };
  }
  if (response.ok && body?.metadata && body.etag) {
    return { kind: "loaded", metadata: body.metadata, etag: body.etag };
  }
  const gone = response.status === 404 && body?.success === false; // not a proxy's 404
  const kind = gone ? "gone" : response.status === 401 ? "nobody" : "failed";
  return { kind, message: describe(response, body) };
}

// upload posts a save. The answer's kind says what is known:
//   saved     it is stored
//   conflict  the archive does not hold it now: others have changed the same fields
//   gone      the archive does not hold it now: the change does not exist
//   crowded   not stored this time: too many others were writing
//   refused   not stored this time: the server rejects what was sent
//   nobody    not stored this time: the server does not accept the user's name
//   busy      not stored this time: the server can't do it now
//   unknown   it may be stored; the same body sent again settles that
// "This time" and "now" say nothing of the times before, if it was sent again: the first
// request may be under way at the server, and is stored after all if the fields become
// again what they were when they were loaded. The other answers are given without a look
// into the archive.
export async function upload(body, user) {
  let response, answer;
  try {
    response = await fetch("/upload", {
      method: "POST",
      headers: headers(user, { "Content-Type": "application/json" }),
      body,
      signal: AbortSignal.timeout(saveTimeout),
    });
    answer = await readJSON(response);
  } catch {
    return { kind: "unknown", message: "No answer came." };
  }
  return { kind: kindOf(response, answer), message: describe(response, answer), retryAfter: response.headers.get("Retry-After"), body: answer ?? {} };
}

function kindOf(response, body) {
  if (response.ok) return body?.success ? "saved" : "unknown";
  const fromAPI = body?.success === false; // a proxy that answers so knows nothing
  switch (response.status) {
    case 409: return fromAPI ? (body.reason === "conflict" ? "conflict" : "crowded") : "unknown";
    case 404: return fromAPI ? "gone" : "refused";
    case 401: return "nobody";
    case 408: case 429: case 503: return fromAPI ? "busy" : "unknown";
  }
  // An error of a server or of a proxy in front of it says nothing about the write.
  return response.status >= 500 ? "unknown" : "refused";
}

// newModificationId makes the id of one press of Save.
export function newModificationId() {
  if (crypto.randomUUID) return "m-" + crypto.randomUUID();
  // A page that came over plain HTTP from another machine has no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "m-" + Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
