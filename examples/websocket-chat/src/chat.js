// Connects to the WebSocket of this server, and reconnects when the connection is lost.

const state = document.querySelector("#state");
const heard = document.querySelector("#heard");
const form = document.querySelector("#say");
const button = form.querySelector("button");

const LINES = 500;
const PAUSES = { first: 500, longest: 30_000 };

let socket;
let pause = PAUSES.first;

function show(text) {
  const line = document.createElement("li");
  // The text is from others: never insert it as HTML.
  line.textContent = text;
  heard.append(line);
  if (heard.children.length > LINES) heard.firstElementChild.remove();
}

function hear(message) {
  if ("welcome" in message) {
    pause = PAUSES.first;
    state.textContent = "connected";
    button.disabled = false;
  } else if ("said" in message) {
    show(`${message.said.name}: ${message.said.text}`);
  } else if ("missed" in message) {
    show(`You missed ${message.missed ?? "some"} messages.`);
  } else if ("wrong" in message) {
    const { detail, errors = [] } = message.wrong;
    const fields = errors.map((field) => `${field.pointer} ${field.detail}`);
    show([detail, ...fields].join(" "));
  }
}

function connect() {
  state.textContent = "connecting";
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/chat`);
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  socket.onclose = () => {
    state.textContent = "connection lost, reconnecting";
    button.disabled = true;
    // Random, so that not all pages reconnect at the same moment.
    setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(2 * pause, PAUSES.longest);
  };
}

form.onsubmit = (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  const { who, text } = form.elements;
  socket.send(JSON.stringify({ name: who.value, text: text.value }));
  text.value = "";
};

connect();
