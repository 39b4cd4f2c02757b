// Asks Forum, and believes only Forum. Whatever stands between may answer in its place, with any status and any words: a
// proxy while the server is replaced, a venue's network before one has signed in. That is a lost connection, no answer.

const MARK = "Forum"; // the header that every answer of Forum's carries (forum/web/middleware.py)
const PATIENCE = 10000; // so long a request may take: one that hangs would keep the next ones waiting

// Asks Forum and returns its answer: {ok: true, facts}, with `page` {ok: true, page} (the document), with `text` {ok: true,
// text} (as it was sent), or, refused, {ok: false, code, words, over, wait, fields}: `over` for good, else for at least
// `wait` milliseconds. `body` makes it a POST.
// Throws an Error where no answer of Forum's came: then it is not known whether the request arrived.
export async function ask(address, { body, page, text, patience = PATIENCE, headers, ...more } = {}) {
  const late = new AbortController();
  const slow = setTimeout(() => late.abort(), patience);
  try {
    const answer = await fetch(address, {
      ...(body !== undefined && { method: "POST", body }),
      redirect: "manual", // Forum sends a script nowhere else
      cache: "no-store", // a browser keeps a stranger's 301, 404 or 410, and would answer itself with it from then on
      signal: late.signal,
      headers: { Accept: "application/json", ...headers },
      ...more,
    });
    if (!answer.headers.has(MARK)) throw new Error("not an answer of Forum's");
    if (answer.ok && page) return { ok: true, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
    if (answer.ok && text) return { ok: true, text: await answer.text() };
    if (answer.ok) return { ok: true, facts: object(await answer.json()) };
    const { code, words, again, fields } = object(object(await answer.json().catch(() => unsaid(answer))).error);
    return { ok: false, code, words, over: again === false, fields: fields || {}, wait: 1000 * answer.headers.get("Retry-After") };
  } finally {
    clearTimeout(slow);
  }
}

function object(what) {
  if (typeof what !== "object" || what === null) throw new Error("not what Forum answers");
  return what;
}

// Forum refuses a request that is too large before it could answer in words.
function unsaid(answer) {
  return answer.status === 413 && { error: { code: "too_large", words: "", again: false } };
}
