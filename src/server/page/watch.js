'use strict';
// Plays one stream over WHEP: joins at once, says how it goes, comes back when it breaks, and tells
// the server when the page is left.

const element = (id) => document.getElementById(id);
const segment = location.pathname.split('/').pop();
const name = decodeURIComponent(segment);
const endpoint = new URL(`../whep/${segment}`, location.href);
const video = element('video');
const framewire = (window.framewire = { state: 'connecting', pc: null, session: null, stats: null, attempts: 0 });

let failures = 0; // since the last picture
let timer; // the next attempt
let last; // the figures a second ago
let silentSince; // since when nothing comes

document.title = `${name} · Framewire`;
element('name').textContent = name;
if (location.hash.startsWith('#token=')) {
  sessionStorage.setItem('token', decodeURIComponent(location.hash.slice(7)));
  history.replaceState(null, '', location.pathname + location.search);
}

const authorization = () => {
  const token = sessionStorage.getItem('token');
  return token ? { Authorization: `Bearer ${token}` } : {};
};

const labels = {
  connecting: 'Connecting', live: 'Live', paused: 'No picture', waiting: 'Off the air',
  reconnecting: 'Reconnecting', token: 'Locked', failed: 'Stopped',
};

function show(state, message = '') {
  framewire.state = document.body.dataset.state = state;
  element('state').textContent = labels[state];
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
  const stream = new MediaStream();
  for (const kind of ['video', 'audio']) pc.addTransceiver(kind, { direction: 'recvonly' });
  pc.ontrack = ({ track }) => {
    stream.addTrack(track);
    if (video.srcObject !== stream) video.srcObject = stream;
    play();
  };
  pc.onconnectionstatechange = () => {
    if (current() && ['failed', 'closed'].includes(pc.connectionState)) again('The connection was lost.');
  };
  try {
    await pc.setLocalDescription();
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', ...authorization() },
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
    return show('token', sessionStorage.getItem('token') ? 'That was not the token.' : '');
  }
  if ([400, 404, 415, 422].includes(response.status)) {
    leave();
    return show('failed', `The server refused: ${detail}.`);
  }
  const pause = Number(response.headers.get('Retry-After')) * 1000;
  if (response.status === 409) return again('Waiting for the stream to begin…', 'waiting', pause);
  again(`${detail[0].toUpperCase()}${detail.slice(1)}.`, 'reconnecting', pause);
}

// Once more, later each time, and not all viewers in the same moment.
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
  framewire.pc = framewire.session = framewire.stats = last = silentSince = null;
  if (pc) pc.close();
  end(session);
  for (const id of ['size', 'fps', 'bitrate', 'delay']) element(id).textContent = '–';
}

function end(session) {
  // keepalive: the request outlives the page.
  if (session) fetch(session, { method: 'DELETE', headers: authorization(), keepalive: true }).catch(() => {});
}

// Sooner than the next look at the figures.
video.onplaying = () => {
  if (!framewire.session) return;
  failures = 0;
  show('live');
};

async function play() {
  try {
    await video.play();
  } catch (error) {
    if (error.name !== 'NotAllowedError') return;
    // Sound needs a gesture here; the picture does not.
    setMuted(true);
    element('sound').hidden = false;
    video.play().catch(() => {});
  }
}

function setMuted(muted) {
  video.muted = muted;
  document.body.classList.toggle('muted', muted);
  element('mute').setAttribute('aria-label', muted ? 'Sound on' : 'Sound off');
  if (!muted) element('sound').hidden = true;
}

async function measure() {
  const { pc } = framewire;
  if (!pc || pc.connectionState !== 'connected') return;
  const reports = [...(await pc.getStats()).values()];
  if (framewire.pc !== pc) return;
  const inbound = reports.filter((r) => r.type === 'inbound-rtp');
  const picture = inbound.find((r) => r.kind === 'video');
  const pair = reports.find((r) => r.type === 'candidate-pair' && (r.nominated || r.selected) && r.currentRoundTripTime >= 0);
  const now = {
    time: performance.now(),
    bytes: inbound.reduce((sum, r) => sum + (r.bytesReceived ?? 0), 0),
    frames: picture?.framesDecoded ?? 0,
    held: picture?.totalProcessingDelay ?? picture?.jitterBufferDelay ?? 0,
    emitted: picture?.totalProcessingDelay === undefined ? (picture?.jitterBufferEmittedCount ?? 0) : picture.framesDecoded,
  };
  const before = last ?? now;
  last = now;
  const seconds = (now.time - before.time) / 1000;
  const held = now.emitted > before.emitted ? (now.held - before.held) / (now.emitted - before.emitted) : 0;
  const stats = (framewire.stats = {
    width: picture?.frameWidth ?? 0,
    height: picture?.frameHeight ?? 0,
    frames: now.frames,
    fps: seconds ? (now.frames - before.frames) / seconds : 0,
    bitsPerSecond: seconds ? (8 * (now.bytes - before.bytes)) / seconds : 0,
    delay: pair ? pair.currentRoundTripTime / 2 + held : held,
    audio: inbound.find((r) => r.kind === 'audio')?.totalSamplesReceived ?? 0,
  });
  if (now.bytes > before.bytes || before === now) {
    silentSince = null;
    if (now.bytes > 0) {
      failures = 0;
      show('live');
    }
  } else {
    silentSince ??= before.time;
    if (now.time - silentSince > 3000) await ask();
  }
  if (!seconds) return;
  element('size').textContent = stats.width ? `${stats.width} × ${stats.height}` : 'sound only';
  element('fps').textContent = `${Math.round(stats.fps)} fps`;
  element('bitrate').textContent = stats.bitsPerSecond < 1e6 ? `${Math.round(stats.bitsPerSecond / 1e3)} kbit/s` : `${(stats.bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
  element('delay').textContent = stats.delay ? `${Math.round(stats.delay * 1000)} ms` : '–';
}

// Nothing comes. A server that ended says so here, long before ICE notices; one that lives is only
// not being given frames.
async function ask() {
  const { pc, session } = framewire;
  silentSince = performance.now();
  const response = await fetch(session, { method: 'HEAD', headers: authorization() }).catch(() => null);
  if (framewire.pc !== pc) return;
  if (response?.ok) show('paused', 'The stream is silent at the moment.');
  else again('The stream was interrupted.');
}

element('token').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', element('secret').value);
  failures = 0;
  join();
});
const toggleSound = () => { setMuted(!video.muted); video.play().catch(() => {}); };
const toggleFull = () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.(); // iPhones
};
element('sound').onclick = element('mute').onclick = toggleSound;
element('full').onclick = toggleFull;
video.ondblclick = toggleFull;
document.addEventListener('keydown', (event) => {
  if (event.target.tagName === 'INPUT' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'm') toggleSound();
  if (event.key === 'f') toggleFull();
});

// What lies over the picture goes away when nobody moves.
let still;
const stir = () => {
  document.body.classList.remove('still');
  clearTimeout(still);
  still = setTimeout(() => document.body.classList.add('still'), 4000);
};
for (const type of ['pointermove', 'pointerdown', 'keydown']) document.addEventListener(type, stir);

addEventListener('pagehide', leave);
addEventListener('pageshow', (event) => { if (event.persisted) join(); });
const hurry = () => { if (!document.hidden && ['waiting', 'reconnecting'].includes(framewire.state)) join(); };
addEventListener('online', hurry);
document.addEventListener('visibilitychange', hurry);
setInterval(measure, 1000);
stir();
join();
