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
  const kind = { 401: "nobody", 404: "gone" }[response.status] ?? "failed";
  return { kind, message: describe(response, body) };
}

// upload posts a save. The answer's kind says what is known:
//   saved     it is stored
//   conflict  nothing is stored: it, or the number of attempts, met other writers
//   gone      nothing is stored: the change does not exist
//   refused   nothing is stored: the server rejects what was sent
//   nobody    nothing is stored: the server does not accept the user's name
//   busy      nothing is stored: the server can't do it now
//   unknown   it may be stored; the same text sent again settles that
export async function upload(text, user) {
  let response, body;
  try {
    response = await fetch("/upload", {
      method: "POST",
      headers: headers(user, { "Content-Type": "application/json" }),
      body: text,
      signal: AbortSignal.timeout(saveTimeout),
    });
    body = await readJSON(response);
  } catch {
    return { kind: "unknown", message: "No answer came." };
  }
  return { kind: kindOf(response, body), message: describe(response, body), retryAfter: response.headers.get("Retry-After"), body: body ?? {} };
}

function kindOf(response, body) {
  if (response.ok) return body?.success ? "saved" : "unknown";
  switch (response.status) {
    case 409: return "conflict";
    case 404: return "gone";
    case 401: return "nobody";
    // The API knows that it stored nothing; a proxy that answers so knows nothing.
    case 408: case 429: case 503: return body?.success === false ? "busy" : "unknown";
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
