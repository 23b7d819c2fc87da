// The session is in a cookie that this script cannot read. The browser adds it to each request.

const find = (selector) => document.querySelector(selector);
const state = find("#state");

// Returns the JSON of a response. Throws the problem (RFC 9457) of an error response.
async function call(method, path, body) {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...json });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw answer;
  return answer;
}

// Runs the work and shows its error: each wrong field beside its input, anything else at the top.
async function attempt(work) {
  for (const field of document.querySelectorAll("[data-field]")) field.textContent = "";
  try {
    state.textContent = (await work()) ?? "";
  } catch (error) {
    if (error.status === 401) show(null); // The session has ended.
    state.textContent = error.detail ?? reason(error.status);
    for (const { pointer, detail } of error.errors ?? []) {
      const field = find(`[data-field="${pointer}"]`);
      if (field) field.textContent = detail;
    }
  }
}

function reason(status) {
  if (!status) return "The server cannot be reached.";
  return status === 401 ? "Sign in first." : `The server answered ${status}.`;
}

function show(user) {
  find("#account").hidden = Boolean(user);
  find("#signed-in").hidden = !user;
  find("#name").textContent = user?.name ?? "";
}

async function open() {
  show(await call("GET", "/me"));
  const { notes } = await call("GET", "/notes");
  const lines = notes.map((note) => {
    const line = document.createElement("li");
    line.textContent = note.text;
    return line;
  });
  find("#notes").replaceChildren(...lines);
}

const account = find("#account");
const credentials = () => Object.fromEntries(new FormData(account));

find("#sign-up").onclick = () => attempt(async () => {
  const { name } = await call("POST", "/sign-up", credentials());
  return `Welcome, ${name}. Now sign in.`;
});

account.onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    await call("POST", "/sign-in", credentials());
    account.reset();
    await open();
  });
};

find("#sign-out").onclick = () => attempt(async () => {
  await call("POST", "/sign-out");
  show(null);
  return "You are signed out.";
});

find("#write").onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    await call("POST", "/notes", Object.fromEntries(new FormData(event.target)));
    event.target.reset();
    await open();
  });
};

open().catch(() => show(null));
