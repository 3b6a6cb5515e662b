'use strict';
// A session with the server, for the pages that watch, publish and mirror: begun by an offer, again when it
// breaks, and ended with the page. What is offered, and what it is called, is the page's: `page`,
// in its own script.

const element = (id) => document.getElementById(id);
const { protocol, state } = document.body.dataset; // whep, whip or mirror
const segment = location.pathname.split('/').pop();
const name = decodeURIComponent(segment);
const endpoint = new URL(`../${protocol}/${segment}`, location.href);
const framewire = (window.framewire = { state, pc: null, session: null, stats: null, attempts: 0 });

let failures = 0; // since media flowed
let timer; // the next attempt

document.title = `${name} · Framewire`;
element('name').textContent = name;

// Who may watch may not therefore publish: each has its token.
const secret = protocol === 'whep' ? 'token' : 'publish-token';
if (location.hash.startsWith('#token=')) {
  sessionStorage.setItem(secret, decodeURIComponent(location.hash.slice(7)));
  history.replaceState(null, '', location.pathname + location.search);
}

const authorization = () => {
  const token = sessionStorage.getItem(secret);
  return token ? { Authorization: `Bearer ${token}` } : {};
};

function show(state, message = '') {
  framewire.state = document.body.dataset.state = state;
  element('state').textContent = page.labels[state];
  element('message').textContent = message;
  element('message').hidden = !message;
  element('token').hidden = state !== 'token';
}

async function join() {
  leave();
  framewire.attempts += 1;
  if (failures === 0) show('connecting', 'Connecting…');
  const pc = (framewire.pc = new RTCPeerConnection());
  const current = () => framewire.pc === pc;
  page.offer(pc);
  pc.onconnectionstatechange = () => {
    if (current() && ['failed', 'closed'].includes(pc.connectionState)) again('The connection was lost.');
    else if (current()) page.changed?.(pc);
  };
  try {
    await pc.setLocalDescription();
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', ...authorization(), ...page.headers?.() },
      body: pc.localDescription.sdp,
      signal: AbortSignal.timeout(10_000),
    });
    const session = response.ok ? new URL(response.headers.get('Location'), endpoint) : null;
    if (!current()) return end(session); // left while the answer was on its way
    framewire.session = session;
    if (!response.ok) return refused(response);
    const sdp = await response.text();
    if (current()) await pc.setRemoteDescription({ type: 'answer', sdp });
  } catch (error) {
    if (current()) again(error.name === 'TypeError' ? 'The server does not answer.' : error.message);
  }
}

async function refused(response) {
  const { detail } = await response.json().catch(() => ({ detail: `${response.status} ${response.statusText}` }));
  if (response.status === 401) {
    leave();
    return show('token', sessionStorage.getItem(secret) ? 'That was not the token.' : '');
  }
  if ([400, 403, 404, 415, 422].includes(response.status)) {
    leave();
    return show('failed', `The server refused: ${detail}.`);
  }
  const pause = Number(response.headers.get('Retry-After')) * 1000;
  if ([409, 412].includes(response.status)) return again(page.conflict, 'waiting', pause);
  again(`${detail[0].toUpperCase()}${detail.slice(1)}.`, 'reconnecting', pause);
}

// Once more, later each time, and not all of them in the same moment.
function again(message, state = 'reconnecting', pause = 0) {
  leave();
  show(state, message);
  pause ||= Math.min(8000, 500 * 2 ** failures);
  failures += 1;
  timer = setTimeout(join, pause * (0.8 + 0.4 * Math.random()));
}

function leave() {
  clearTimeout(timer);
  const { pc, session } = framewire;
  framewire.pc = framewire.session = framewire.stats = null;
  page.left();
  if (pc) pc.close();
  end(session);
  for (const figure of document.querySelectorAll('dd')) figure.textContent = '–';
}

function end(session) {
  // keepalive: the request outlives the page.
  if (session) fetch(session, { method: 'DELETE', headers: authorization(), keepalive: true }).catch(() => {});
}

// What the server says of our session: its response, or nothing.
const ask = () => fetch(framewire.session, { method: 'HEAD', headers: authorization(), signal: AbortSignal.timeout(5000) }).catch(() => null);

const roundTrip = (reports) =>
  reports.find((r) => r.type === 'candidate-pair' && (r.nominated || r.selected) && r.currentRoundTripTime >= 0)?.currentRoundTripTime;

function tell({ width, height, fps, bitsPerSecond }, size) {
  element('size').textContent = width ? `${width} × ${height}` : size;
  element('fps').textContent = `${Math.round(fps)} fps`;
  element('bitrate').textContent = bitsPerSecond < 1e6 ? `${Math.round(bitsPerSecond / 1e3)} kbit/s` : `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

element('token').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(secret, element('secret').value);
  failures = 0;
  join();
});

// What lies over the picture goes away when nobody moves.
let still;
const stir = () => {
  document.body.classList.remove('still');
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.add('still'), 4000);
};
for (const type of ['pointermove', 'pointerdown', 'keydown']) document.addEventListener(type, stir);
stir();

const hurry = () => { if (!document.hidden && ['waiting', 'reconnecting'].includes(framewire.state)) join(); };
addEventListener('online', hurry);
document.addEventListener('visibilitychange', hurry);
addEventListener('pagehide', leave);
