'use strict';
// Publishes camera and microphone over WHIP: nothing is sent before the button is pressed, and a
// moving pattern where there is no camera.

const video = element('video');
const media = new MediaStream(); // what is sent, and shown
const senders = new Map(); // by kind, of this connection

let last; // the figures a second ago
let heard; // the server's latest report, and when it was new
let apology = ''; // why it is not the camera
let claims; // from the press of the button until it is on the air

const page = {
  labels: {
    preparing: 'Preparing', ready: 'Ready', connecting: 'Connecting', live: 'On the air', waiting: 'Taken',
    reconnecting: 'Reconnecting', token: 'Locked', failed: 'Stopped',
  },
  conflict: 'Somebody else publishes this stream. Waiting for it to end…',

  offer(pc) {
    senders.clear();
    for (const track of media.getTracks()) {
      const { sender } = pc.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      senders.set(track.kind, sender);
    }
  },

  changed(pc) {
    if (pc.connectionState === 'connected') {
      failures = 0;
      claims = false;
      show('live');
    } else if (pc.connectionState === 'disconnected') doubt(pc);
  },

  // Who was taken over from does not take over in turn: two pages would do it for ever.
  headers: () => (claims ? {} : { 'If-None-Match': '*' }),

  left() {
    last = heard = null;
  },
};

// Nothing is heard. A server that ended the session, or itself, says so here, long before ICE
// notices: the connection's end is not told to browsers.
async function doubt(pc) {
  heard = { ...heard, at: performance.now() };
  const response = await ask();
  if (framewire.pc === pc && !response?.ok) again('The session has ended.');
}

function ready() {
  show('ready', apology);
}

element('start').onclick = () => {
  failures = 0;
  claims = true;
  join();
};
element('stop').onclick = () => {
  leave();
  ready();
};
element('watch').href = `../watch/${segment}`;

// Camera and microphone; whichever of them there is; a pattern in place of the camera.
async function prepare() {
  const wanted = {
    video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
    audio: true,
  };
  const attempts = [wanted, { video: wanted.video }, { audio: true }];
  let refusal;
  if (!navigator.mediaDevices) {
    refusal = new Error(location.protocol === 'https:' ? 'there is no access to it' : 'browsers give it to pages over https only');
    attempts.length = 0;
  }
  for (const attempt of attempts) {
    try {
      (await navigator.mediaDevices.getUserMedia(attempt)).getTracks().forEach(use);
      break;
    } catch (error) {
      refusal = error;
    }
  }
  if (!media.getVideoTracks().length) {
    apology = `No camera: ${refusal?.message || refusal?.name || 'none was found'}. A pattern is sent in its place.`;
    use(pattern());
  }
  video.srcObject = media;
  const cameras = (await navigator.mediaDevices?.enumerateDevices())?.filter(({ kind }) => kind === 'videoinput');
  element('turn').hidden = !(cameras?.length > 1 && media.getVideoTracks()[0].getSettings().deviceId);
  element('mute').hidden = !media.getAudioTracks().length;
  if (framewire.state === 'preparing') ready();
}

// Sends this track from now on, in the place of the one before it.
function use(track) {
  for (const old of media.getTracks().filter(({ kind }) => kind === track.kind)) {
    media.removeTrack(old);
    old.onended = null;
    old.stop();
  }
  media.addTrack(track);
  if (track.kind === 'video') {
    document.body.classList.toggle('mirrored', track.getSettings().facingMode === 'user');
    track.onended = () => use(pattern()); // unplugged, or taken away
  }
  senders.get(track.kind)?.replaceTrack(track).catch(() => {});
}

// Bars, a hand that goes around once in two seconds, and the time.
function pattern() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext('2d', { alpha: false });
  const bars = ['#c0c0c0', '#c0c000', '#00c0c0', '#00c000', '#c000c0', '#c00000', '#0000c0'];
  const draw = () => {
    bars.forEach((colour, i) => {
      context.fillStyle = colour;
      context.fillRect(Math.floor((i * 1280) / 7), 0, 184, 720);
    });
    const angle = (performance.now() / 1000) * Math.PI;
    context.fillStyle = '#0b0e14';
    context.beginPath();
    context.arc(640, 320, 180, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = '#4fd1c5';
    context.lineWidth = 16;
    context.beginPath();
    context.moveTo(640, 320);
    context.lineTo(640 + 160 * Math.sin(angle), 320 - 160 * Math.cos(angle));
    context.stroke();
    context.fillRect(440, 560, 400, 100);
    context.fillStyle = '#e8ecf3';
    context.font = '600 64px ui-monospace, monospace';
    context.textAlign = 'center';
    context.fillText(new Date().toTimeString().slice(0, 8), 640, 632);
  };
  const [track] = canvas.captureStream(30).getVideoTracks();
  const timer = setInterval(() => (track.readyState === 'live' ? draw() : clearInterval(timer)), 1000 / 30);
  draw();
  return track;
}

async function measure() {
  const { pc } = framewire;
  if (!pc || pc.connectionState !== 'connected') return;
  const reports = [...(await pc.getStats()).values()];
  if (framewire.pc !== pc) return;
  const outbound = reports.filter((r) => r.type === 'outbound-rtp');
  const picture = outbound.find((r) => r.kind === 'video');
  const now = {
    time: performance.now(),
    bytes: outbound.reduce((sum, r) => sum + (r.bytesSent ?? 0), 0),
    frames: picture?.framesEncoded ?? 0,
  };
  const before = last ?? now;
  last = now;
  const seconds = (now.time - before.time) / 1000;
  const stats = (framewire.stats = {
    width: picture?.frameWidth ?? video.videoWidth,
    height: picture?.frameHeight ?? video.videoHeight,
    frames: now.frames,
    fps: seconds ? (now.frames - before.frames) / seconds : 0,
    bitsPerSecond: seconds ? (8 * (now.bytes - before.bytes)) / seconds : 0,
    roundTrip: roundTrip(reports),
  });
  const report = Math.max(0, ...reports.filter((r) => r.type === 'remote-inbound-rtp').map((r) => r.timestamp));
  if (report !== heard?.report) heard = { report, at: now.time };
  else if (report && now.time - heard.at > 3000) doubt(pc);
  if (!seconds) return;
  tell(stats, '–');
  element('trip').textContent = stats.roundTrip === undefined ? '–' : `${Math.round(stats.roundTrip * 1000)} ms`;
}

function mute() {
  const [microphone] = media.getAudioTracks();
  if (!microphone) return;
  microphone.enabled = !microphone.enabled;
  document.body.classList.toggle('muted', !microphone.enabled);
  element('mute').setAttribute('aria-label', microphone.enabled ? 'Microphone off' : 'Microphone on');
}

// The next camera of this device; a phone gives one away at a time.
async function turn() {
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
  const [track] = media.getVideoTracks();
  const at = cameras.findIndex(({ deviceId }) => deviceId === track.getSettings().deviceId);
  const { deviceId } = cameras[(at + 1) % cameras.length];
  track.onended = null;
  track.stop();
  const next = await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: deviceId } } }).catch(() => null);
  use(next ? next.getVideoTracks()[0] : pattern());
}

element('mute').onclick = mute;
element('turn').onclick = turn;
document.addEventListener('keydown', (event) => {
  if (event.target.tagName === 'INPUT' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'm') mute();
  if (event.key === 'c' && !element('turn').hidden) turn();
});
// Back out of the browser's cache its session is gone, and its visitor has not pressed anything.
addEventListener('pageshow', (event) => { if (event.persisted) ready(); });
setInterval(measure, 1000);
prepare();
