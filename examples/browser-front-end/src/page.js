// Talks to the API on its own origin. The API has to allow the origin of this page (CORS).

const api = document.body.dataset.api;
const state = document.querySelector("#state");
const books = document.querySelector("#books");
const form = document.querySelector("#add");

// Returns the JSON of a response. Throws the problem (RFC 9457) of an error response.
async function call(path, options) {
  const response = await fetch(api + path, options);
  const json = await response.json();
  if (!response.ok) throw json;
  return json;
}

// Runs the work and shows its error: each wrong field beside its input, anything else at the top.
async function attempt(work) {
  for (const field of form.querySelectorAll("[data-field]")) field.textContent = "";
  try {
    await work();
    state.textContent = "";
  } catch (error) {
    // `fetch` throws a TypeError without a reason if there is no response, or CORS forbids to read it.
    state.textContent = error.detail ?? "The API cannot be reached.";
    for (const { pointer, detail } of error.errors ?? []) {
      const field = form.querySelector(`[data-field="${pointer}"]`);
      if (field) field.textContent = detail;
    }
  }
}

async function list() {
  const { books: all } = await call("/books");
  books.replaceChildren(...all.map(line));
}

function line(book) {
  const cover = document.createElement("input");
  cover.type = "file";
  cover.onchange = () => attempt(() => upload(book.id, cover.files[0]));
  const line = document.createElement("li");
  // The title is from others: never insert it as HTML.
  line.append(`${book.title}, stars: ${book.stars}, bytes of the cover: ${book.cover_bytes} `, cover);
  return line;
}

async function upload(id, file) {
  const body = new FormData();
  body.append("cover", file);
  await call(`/books/${id}/cover`, { method: "POST", body });
  await list();
}

async function add() {
  const { title, stars } = form.elements;
  await call("/books", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title: title.value, stars: Number(stars.value) }),
  });
  await list();
}

form.onsubmit = (event) => {
  event.preventDefault();
  attempt(add);
};

attempt(list);
