// Random walks of one session of the edit page, against an archive and other users that
// live in this file. An expression: a function of the first seed, the number of walks and
// the steps of each, which returns what went wrong, with the seed.
async (first, walks, steps) => {
  const { Session } = await import("/static/session.js");
  const problems = [];
  for (let seed = first; seed < first + walks && problems.length === 0; seed++) await walk(seed);
  return problems;

  async function walk(seed) {
    let state = seed;
    const random = (n) => { // mulberry32
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) % n;
    };
    const pick = (list) => list[random(list.length)];
    const trace = [];
    const problem = (text) => problems.push(`seed ${seed}: ${text}; the steps: ${trace.slice(-25).join(" | ")}`);

    // The archive.
    const names = ["a", "b"];
    let doc = { changeId: "CHG-1", a: "a0", b: "b0", modifications: [] };
    let version = 1, serial = 0, calm = false;
    const past = new Map(names.map((name) => [name, [doc[name]]])); // every value that was ever stored
    const late = []; // requests on their way, whose senders have given up
    const holds = (modificationId) => doc.modifications.some((m) => m.modification_id === modificationId);
    const store = (user, modificationId, values) => {
      doc = { ...doc, modifications: [...doc.modifications, { modification_id: modificationId, user_id: user, modification_type: "updated" }] };
      for (const [name, value] of values) {
        if (value === undefined) delete doc[name];
        else doc[name] = value;
        past.get(name).push(value);
      }
      version++;
    };
    const current = () => ({ metadata: structuredClone(doc), success: true, newETag: `"${version}"`, results: [] });

    // What the user has done, and seen.
    const wish = new Map(); // the text that the user wants, until something else is on the screen
    const seen = new Map(names.map((name) => [name, new Set()]));

    function upload(body) {
      const up = JSON.parse(body);
      if (holds(up.modificationId)) return [200, current()];
      const ours = new Map(Object.entries(up.metadata).filter(([name]) => name !== "changeId"));
      for (const name of up.remove ?? []) ours.set(name, undefined);
      const take = [...ours].filter(([name, text]) => text !== up.base[name] && text !== doc[name]);
      if (take.some(([name]) => doc[name] !== up.base[name])) return [409, { success: false, reason: "conflict", message: "conflict" }];
      for (const [name] of take) {
        if (!seen.get(name).has(doc[name])) problem(`${name}: ${doc[name]} is overwritten, which the user has never seen`);
      }
      store("me", up.modificationId, take);
      return [200, current()];
    }

    // What is on the wire when a request is sent has to be what the user wants then.
    function check(body) {
      const up = JSON.parse(body);
      if (holds(up.modificationId)) return; // stores nothing new
      for (const name of names) {
        const sent = Object.hasOwn(up.metadata, name) || up.remove?.includes(name);
        if (sent && !(wish.has(name) && wish.get(name) === up.metadata[name])) {
          problem(`${name}: ${up.metadata[name]} is sent, but the user wants ${wish.has(name) ? wish.get(name) : "nothing"}`);
        }
      }
    }

    // What is in doubt and still wanted is sent again as it was: as another modification it
    // would be stored twice, should the first request arrive after all.
    function checkTwice(body) {
      const what = (up) => JSON.stringify([up.metadata, up.base, up.remove]);
      const up = JSON.parse(body), doubts = session.draft.doubts;
      const before = doubts.filter((d) => d.modificationId !== up.modificationId).at(-1);
      if (before && session.draft.isWanted(before) && what(JSON.parse(before.body)) === what(up)) {
        problem(`${up.modificationId} is what ${before.modificationId} is, which is in doubt`);
      }
    }

    const reply = (status, body) => new Response(JSON.stringify(body), { status });
    let pressed; // the modification of the last press of Save
    window.fetch = async (url, options) => {
      if (options.method !== "POST") {
        if (!calm && random(8) === 0) throw new TypeError("no answer");
        if (!calm && random(4) === 0) others();
        const etag = `"${version}"`;
        return options.headers["If-None-Match"] === etag ? new Response(null, { status: 304 }) : reply(200, { metadata: structuredClone(doc), etag });
      }
      const { body } = options;
      check(body);
      checkTwice(body);
      pressed = JSON.parse(body).modificationId;
      meanwhile();
      if (calm) return reply(...upload(body));
      switch (random(14)) {
        case 0: case 1: upload(body); trace.push("(lost, arrived)"); throw new TypeError("no answer");
        case 2: trace.push("(lost)"); throw new TypeError("no answer");
        case 3: late.push(body); trace.push("(lost, late)"); throw new TypeError("no answer");
        case 4: trace.push("(400)"); return reply(400, { success: false, message: "400" });
        case 5: trace.push("(401)"); return reply(401, { success: false, message: "401" });
        case 6: trace.push("(409)"); return reply(409, { success: false, reason: "exhausted", message: "409" });
        case 7: upload(body); trace.push("(sent twice, 503)"); return reply(503, { success: false, message: "503" });
        case 8: trace.push("(503)"); return reply(503, { success: false, message: "503" });
      }
      const [status, answer] = upload(body);
      meanwhile();
      if (status === 200 && random(6) === 0) delete answer.metadata, delete answer.newETag;
      trace.push(`(${status})`);
      return reply(status, answer);
    };

    // The view: all that it would show is forgotten, except questions and claims.
    let asked, again;
    const nothingSaved = (what) => () => {
      if (holds(pressed)) problem(`the page says "nothing was saved" (${what}) of what is stored`);
      if (late.some((body) => JSON.parse(body).modificationId === pressed)) problem(`the page says "nothing was saved" (${what}) of what may still arrive`);
    };
    const view = {
      get isAsking() { return asked !== undefined; },
      ask(disputes) { asked = disputes; },
      decided() { asked = undefined; },
      saved(_draft, _results, tellAgain) { again = tellAgain; },
      refused: nothingSaved("refused"), busy: nothingSaved("busy"), crowded: nothingSaved("crowded"),
    };
    const session = new Session("CHG-1", { name: "me" }, new Proxy(view, { get: (target, name) => target[name] ?? (() => {}) }));
    await session.open();
    while (!session.draft) await session.open();
    const { draft } = session;

    // screen is what the user sees now.
    function screen() {
      for (const name of names) {
        const text = draft.text.get(name);
        if (wish.has(name) && text !== wish.get(name)) {
          if (!past.get(name).includes(wish.get(name))) problem(`${name}: the user's ${wish.get(name)} has gone, and was never stored`);
          wish.delete(name);
        }
        seen.get(name).add(text); // also what the user has typed
      }
    }

    function type(name, text) {
      trace.push(`type ${name}=${text}`);
      screen();
      if (text === undefined && !draft.text.has(name)) return;
      draft.edit(name, text);
      if (draft.text.get(name) === text) wish.set(name, text);
      else wish.delete(name); // the user went back to what was there, and is shown what is there now
      screen();
    }

    function others() {
      const name = pick(names);
      const value = [() => `o${++serial}`, () => pick(past.get(name)), () => undefined][random(8) < 4 ? 0 : random(4) < 3 ? 1 : 2]();
      if (value === doc[name]) return;
      trace.push(`others ${name}=${value}`);
      store("other", `o-${++serial}`, [[name, value]]);
    }

    // meanwhile is what happens while a request is under way.
    function meanwhile() {
      if (calm) return;
      if (random(5) === 0) type(pick(names), `m${++serial}`);
      if (random(5) === 0) others();
    }

    function decide(how) {
      pressed = undefined;
      const disputes = asked;
      return session.decide(disputes.map(({ name, theirs, mine }) => {
        seen.get(name).add(theirs);
        const h = how ?? random(3);
        trace.push(`decide ${name} ${["mine", "theirs", "by hand"][h]}`);
        if (h === 1) {
          wish.delete(name);
          return { name, theirs, takeTheirs: true, text: theirs };
        }
        const text = h === 0 ? mine : `h${++serial}`;
        wish.set(name, text);
        seen.get(name).add(text);
        return { name, theirs, takeTheirs: false, text };
      }));
    }

    async function step() {
      if (asked && random(4) > 0) {
        const before = new Map(wish);
        await decide();
        // What was not carried out leaves the form as it was.
        for (const [name, text] of before) if (draft.text.get(name) === text) wish.set(name, text);
        return;
      }
      if (asked) {
        trace.push("call off");
        asked = undefined;
      }
      const name = pick(names);
      switch (random(14)) {
        case 0: case 1: return type(name, `m${++serial}`);
        case 2: return type(name, draft.base.get(name)); // back to what was there
        case 3: return random(3) === 0 ? type(name, undefined) : undefined;
        case 4: return draft.theirs.has(name) && (trace.push(`take theirs ${name}`), wish.delete(name), session.takeTheirs(name));
        case 5: case 6: return others();
        case 7: case 8: trace.push("look"); return session.look();
        case 9: trace.push("retry"); return session.retry();
        case 10: trace.push("tell again"); return again?.();
        case 11: return late.length > 0 && (trace.push("late arrives"), upload(late.shift()));
        default:
          trace.push("save");
          pressed = undefined;
          return session.save();
      }
    }

    screen();
    for (let n = 0; n < steps && problems.length === 0; n++) {
      await step();
      screen();
    }
    calm = true;
    while (late.length > 0) upload(late.shift());
    for (let n = 0; n < 10 && problems.length === 0; n++) {
      trace.push("save in calm");
      if (asked) await decide(0);
      else await session.save();
      screen();
    }
    await session.look();
    screen();
    if (problems.length > 0) return;
    if (draft.touched.length > 0) problem(`${draft.touched} can't be saved`);
    for (const name of names) {
      if (doc[name] !== draft.text.get(name)) problem(`${name}: ${doc[name]} is stored and ${draft.text.get(name)} shown`);
      if (wish.has(name) && doc[name] !== wish.get(name)) problem(`${name}: ${doc[name]} is stored, the user wanted ${wish.get(name)}`);
    }
    if (new Set(doc.modifications.map((m) => m.modification_id)).size !== doc.modifications.length) problem("a modification is there twice");
  }
}
