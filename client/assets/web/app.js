// The pages work without this file. It brings what a page cannot do by itself: the code of the launcher, what changes
// while a page is open, the alarm, and looking again after the back button.

const body = document.body;

// The launcher's code stands in the fragment, which no server sees; it is used once and taken out of the address.
const enter = document.getElementById("enter");
const code = /^#code=([0-9a-f]{32})$/.exec(location.hash);
if (code) {
  history.replaceState(null, "", location.pathname);
  if (enter) {
    enter.elements.code.value = code[1];
    enter.submit();
  } else if (!body.dataset.events) {
    location.reload();
  }
}

// An address of the launcher that is opened where this page is already open changes the fragment and loads nothing.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#code=")) location.reload();
});

// A page out of the browser's memory may be older than the lock.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const errors = document.querySelector(".errors");
if (errors) errors.focus();

const count = (id, number) => {
  const badge = document.getElementById(id);
  if (!badge) return;
  badge.querySelector("b").textContent = String(number);
  badge.hidden = number === 0;
};

// An alarm sounds until nobody waits any more, or somebody looks at a page: not louder than a telephone, twice a minute.
const PITCH_HZ = 880;
const LENGTH_S = 0.25;
const AGAIN_MS = 30_000;
let sound = null;
let alarm = 0;

const ring = () => {
  try {
    sound ??= new AudioContext();
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    volume.gain.value = 0.2;
    tone.frequency.value = PITCH_HZ;
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + LENGTH_S);
  } catch {
    // A browser without sound still shows the number in its title.
  }
};

const alarmWhile = (urgent) => {
  if (urgent && !alarm) {
    ring();
    alarm = setInterval(ring, AGAIN_MS);
  } else if (!urgent && alarm) {
    clearInterval(alarm);
    alarm = 0;
  }
};

// The test of the alarm shows and sounds what an urgent referral would; without this file the link explains it.
const test = document.getElementById("test-alarm");
if (test) {
  test.addEventListener("click", (event) => {
    event.preventDefault();
    ring();
    const news = document.getElementById("news");
    news.textContent = test.dataset.words;
    news.hidden = false;
  });
}

// A deadline that passes while the page is open is shown as on a page that was loaded after it.
const LOOK_MS = 10_000;
setInterval(() => {
  for (const due of document.querySelectorAll(".due[data-due]")) {
    if (Date.parse(due.dataset.due) > Date.now()) continue;
    due.removeAttribute("data-due");
    due.classList.add("due-over");
    due.querySelector("use").setAttribute("href", "#i-hourglass");
    due.querySelector("b").hidden = false;
  }
}, LOOK_MS);

if (body.dataset.events) {
  const title = document.title;
  const news = document.getElementById("news");
  const seen = Number(news.dataset.newest);
  const source = new EventSource(body.dataset.events);
  source.addEventListener("now", (event) => {
    const now = JSON.parse(event.data);
    count("count-urgent", now.urgent);
    count("count-waiting", now.waiting);
    count("count-failed", now.failed);
    count("count-tasks", now.tasks);
    const chip = document.getElementById("chip");
    chip.textContent = now.chip.words;
    chip.className = `chip chip-${now.chip.class}`;
    document.title = now.waiting > 0 ? `(${now.waiting}) ${title}` : title;
    // Nothing moves under the cursor: whoever reads is told that there is more.
    if (now.newest > seen) {
      const link = document.createElement("a");
      link.href = "/board";
      link.textContent = now.urgent > 0 ? news.dataset.urgent : news.dataset.words;
      news.replaceChildren(link);
      news.hidden = false;
    }
    const silence = document.getElementById("silence");
    if (silence) {
      silence.textContent = now.silence;
      silence.hidden = now.silence === "";
    }
    document.getElementById("nobody").hidden = !now.nobody;
    alarmWhile(now.urgent > 0 && now.silence === "");
  });
  // Locked, or the program has ended: the page must not stay on the screen.
  source.addEventListener("error", () => {
    fetch("/still-open", { method: "GET", redirect: "manual" }).then((answer) => {
      if (answer.type === "opaqueredirect") location.replace("/");
    }, () => {});
  });
}

// A draft is kept while it is written: every five seconds, whenever a field is left, and before another page is asked for. What is
// refused stays on the page, and the page says so.
const KEEP_MS = 5_000;
const draft = document.querySelector("form[data-draft]");
if (draft) {
  const saved = document.getElementById("saved");
  let mine = true;
  let changed = false;
  let refused = false;
  let keeping = null;
  const send = async () => {
    changed = false;
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(draft)) fields.append(name, value);
    fields.append("autosave", "yes");
    try {
      const answer = await fetch(draft.action, { method: "POST", body: fields, redirect: "error" });
      const said = await answer.json();
      saved.textContent = said.words;
      refused = !answer.ok;
      if (answer.ok) draft.elements.revision.value = said.revision;
    } catch {
      changed = true;
    }
    keeping = null;
  };
  const keep = () => {
    if (changed && mine && !refused) keeping ??= send();
    return keeping;
  };
  draft.addEventListener("input", () => {
    changed = true;
  });
  draft.addEventListener("focusout", keep);
  setInterval(keep, KEEP_MS);
  document.addEventListener("submit", (event) => {
    // The form brings all of it by itself; what is on its way already has to arrive first.
    if (event.target === draft) changed = false;
    const arriving = keep();
    if (!arriving) return;
    event.preventDefault();
    arriving.then(() => event.target.requestSubmit(event.submitter));
  });

  // One window at a time writes a draft. It holds a lock that the browser takes back when the window is closed or shows another page,
  // and hands it over, with everything typed here saved, when another window asks for it.
  const held = document.getElementById("held");
  const name = `draft-${draft.dataset.draft}`;
  const others = new BroadcastChannel(name);
  let release = null;
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  const mayWrite = (may) => {
    mine = may;
    held.hidden = may;
    for (const field of draft.elements) {
      if (field.matches("textarea, input:not([type=hidden], [type=checkbox], [type=radio])")) field.readOnly = !may;
      else if (field.matches("select, button, [type=checkbox], [type=radio]")) field.disabled = !may;
    }
  };
  const hold = (options) => new Promise((held) => {
    const lost = () => mayWrite(false);
    navigator.locks.request(name, options, (lock) => {
      held(lock !== null);
      return lock && new Promise((done) => {
        release = done;
      });
    }).catch(lost);
  });
  const ASK_MS = 200;
  const ASK_TIMES = 15;
  const holdSoon = async (times) => {
    for (let n = 0; n < times; n++) {
      if (await hold({ ifAvailable: true })) return true;
      await pause(ASK_MS);
    }
    return false;
  };
  others.addEventListener("message", async () => {
    if (!release) return;
    await keep();
    const last = keep();
    mayWrite(false);
    await last;
    release();
    release = null;
  });
  // What is saved may be newer than this page: the one that writes begins with it.
  held.querySelector("button").addEventListener("click", async () => {
    others.postMessage("hand over");
    if (!(await holdSoon(ASK_TIMES))) await hold({ steal: true });
    location.reload();
  });
  // The page before this one in the same window has not let go at once, perhaps.
  holdSoon(2).then((may) => {
    if (!may) mayWrite(false);
  });
}

// Files of a draft: each is sent by itself, with how far it is; they may also be dropped or pasted. What the program has said is stored is
// stored, whatever happens afterwards.
const upload = document.querySelector("form[data-upload]");
if (upload) {
  const under = upload.querySelector(".under-way");
  const bar = under.querySelector("progress");
  const said = upload.querySelector(".said");
  upload.querySelector(".with-script").hidden = false;
  const bring = (as, file, done, all) => new Promise((resolve) => {
    const fields = new FormData();
    fields.append("as", as);
    fields.append("file", file, file.name || "picture.png");
    const request = new XMLHttpRequest();
    request.open("POST", upload.action);
    request.setRequestHeader("Accept", "text/plain");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (done + event.loaded / event.total) / all;
    });
    request.addEventListener("load", () => resolve(request.status === 204 ? "" : request.responseText || upload.dataset.failed));
    request.addEventListener("error", () => resolve(upload.dataset.failed));
    request.send(fields);
  });
  let busy = false;
  const bringAll = async (files) => {
    const as = new FormData(upload).get("as");
    if (busy || files.length === 0) return;
    if (!as) {
      said.textContent = upload.dataset.asWhat;
      upload.querySelector("input[name=as]").focus();
      return;
    }
    busy = true;
    said.textContent = "";
    bar.value = 0;
    under.hidden = false;
    const wrong = [];
    for (const [n, file] of files.entries()) {
      const words = await bring(as, file, n, files.length);
      if (words) wrong.push(words);
    }
    busy = false;
    under.hidden = true;
    if (wrong.length === 0) {
      location.reload();
      return;
    }
    said.textContent = wrong.join(" ");
    if (wrong.length < files.length) {
      const look = document.createElement("a");
      look.href = location.pathname;
      look.textContent = upload.dataset.look;
      said.append(" ", look);
    }
  };
  upload.addEventListener("submit", (event) => {
    event.preventDefault();
    bringAll([...upload.elements.file.files]);
  });
  addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    bringAll([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => bringAll([...event.clipboardData.files]));
}

// A text of the organisation is put in where the cursor stands; without an answer the form does it.
for (const button of document.querySelectorAll("button[data-into]")) {
  button.addEventListener("click", async (event) => {
    const name = button.form.elements.template.value;
    const field = document.getElementById(button.dataset.into);
    event.preventDefault();
    if (!name) return;
    try {
      const answer = await fetch("/texts", { method: "POST", body: new URLSearchParams({ name }), redirect: "error" });
      if (!answer.ok) throw new Error();
      field.setRangeText(await answer.text(), field.selectionStart, field.selectionEnd, "end");
      field.focus();
    } catch {
      button.form.requestSubmit(button);
    }
  });
}

// All lines of a page are chosen at once, or none of them.
for (const all of document.querySelectorAll("button[data-choose]")) {
  const lines = document.querySelectorAll(`input[type=checkbox][form=${all.dataset.choose}]`);
  all.hidden = lines.length === 0;
  all.addEventListener("click", () => {
    const chosen = ![...lines].every((line) => line.checked);
    for (const line of lines) line.checked = chosen;
  });
}

// A picture that cannot be shown says so in words.
for (const picture of document.querySelectorAll("img[data-unshown]")) {
  const unshown = () => {
    const words = document.createElement("span");
    words.className = "small muted";
    words.textContent = picture.dataset.unshown;
    picture.closest(".seen").replaceWith(words);
  };
  if (picture.complete && picture.src && picture.naturalWidth === 0) unshown();
  else picture.addEventListener("error", unshown);
}

// A security key gives 32 bytes by WebAuthn's PRF extension, always the same ones for the same question, and only to this address.
// They open the home, or are what opens it from now on; what the key signs besides is of no use here.
const key = document.querySelector("form[data-key]");
if (key && window.PublicKeyCredential) {
  const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
  const toHex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const random = () => crypto.getRandomValues(new Uint8Array(32));
  const extensions = { prf: { eval: { first: fromHex(key.dataset.input) } } };
  const outputOf = (made) => made.getClientExtensionResults().prf?.results?.first;
  const ask = (ids) => navigator.credentials.get({ publicKey: {
    challenge: random(),
    rpId: location.hostname,
    allowCredentials: ids.map((id) => ({ type: "public-key", id })),
    userVerification: "required",
    extensions,
  } });
  const make = () => navigator.credentials.create({ publicKey: {
    challenge: random(),
    rp: { id: location.hostname, name: "Causeway" },
    user: { id: random(), name: key.elements.name.value, displayName: key.dataset.called },
    // ES256, EdDSA, RS256: what keys know.
    pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
    extensions,
  } });
  const given = async () => {
    if (key.dataset.key !== "new") return outputOf(await ask(key.dataset.key.split(" ").map(fromBase64)));
    const made = await make();
    key.elements.credential.value = btoa(String.fromCharCode(...new Uint8Array(made.rawId)));
    // Not every key answers while it is being made.
    return outputOf(made) ?? outputOf(await ask([made.rawId]));
  };
  const without = document.querySelector("[data-without-key]");
  if (without) without.hidden = true;
  key.hidden = false;
  key.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = key.querySelector(".said");
    said.textContent = "";
    given().then((output) => {
      if (!output) throw new Error("no output");
      key.elements.output.value = toHex(output);
      key.submit();
    }).catch(() => {
      said.textContent = key.dataset.failed;
    });
  });
}
