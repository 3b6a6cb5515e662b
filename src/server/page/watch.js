// Plays one stream over WHEP: joins at once, says how it goes, and comes back when it breaks. Results beside
// it are drawn over the frames that they are about.
import { Overlay, Results } from '../framewire.js';

const video = element('video');
const overlay = (framewire.overlay = new Overlay(video, element('overlay'), { picture: true }));

let last; // the figures a second ago
let silentSince; // since when nothing comes

window.page = {
  labels: {
    connecting: 'Connecting', live: 'Live', paused: 'No picture', waiting: 'Off the air',
    reconnecting: 'Reconnecting', token: 'Locked', failed: 'Stopped',
  },
  conflict: 'Waiting for the stream to begin…',

  offer(pc) {
    const stream = new MediaStream();
    for (const kind of ['video', 'audio']) pc.addTransceiver(kind, { direction: 'recvonly' });
    pc.ontrack = ({ track }) => {
      stream.addTrack(track);
      if (video.srcObject !== stream) video.srcObject = stream;
      play();
    };
    // So that the offer has data channels; results come on one that the server makes, if it has any.
    pc.createDataChannel('', { negotiated: true, id: 200 });
    pc.ondatachannel = ({ channel }) => {
      framewire.results = new Results(channel, (result) => {
        if (result.value?.processing_complete) overlay.clear();
        else overlay.add(result);
      });
    };
  },

  left() {
    last = silentSince = null;
    framewire.results = null;
    overlay.clear();
  },
};

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
  const trip = roundTrip(reports);
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
    delay: (trip ?? 0) / 2 + held,
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
    if (now.time - silentSince > 3000) await doubt(pc);
  }
  if (!seconds) return;
  tell(stats, 'sound only');
  element('delay').textContent = stats.delay ? `${Math.round(stats.delay * 1000)} ms` : '–';
}

// Nothing comes. A server that ended says so here, long before ICE notices; one that lives is only
// not being given frames.
async function doubt(pc) {
  silentSince = performance.now();
  const response = await ask();
  if (framewire.pc !== pc) return;
  if (response?.ok) show('paused', 'The stream is silent at the moment.');
  else again('The stream was interrupted.');
}

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

addEventListener('pageshow', (event) => { if (event.persisted) join(); });
setInterval(measure, 1000);
join();
