// The camera goes to the program and comes back as the program made it, on one connection, with results that
// are drawn over it. Each picture that is sent says at its lower edge when it was drawn, so that it can be told
// how old it is when it is seen again.
import { Overlay, Results } from '../framewire.js';

const video = element('video');
const sent = element('sent');
const slow = element('slow');
const overlay = (framewire.overlay = new Overlay(video, element('overlay'), { picture: true }));

const context = sent.getContext('2d', { alpha: false });
const [BITS, EDGE] = [16, 1 / 20]; // of the clock, and how much of the picture it takes
const media = new MediaStream(sent.captureStream(30).getVideoTracks()); // what is sent
const reader = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
[reader.canvas.width, reader.canvas.height] = [BITS * 3, 3];

let camera; // a video of it, if there is one
let control; // the channel that says how slow the function is to be
let ages = []; // of the pictures of the last second, in milliseconds
let last; // the figures a second ago

window.page = {
  labels: {
    preparing: 'Preparing', ready: 'Ready', connecting: 'Connecting', live: 'Live', waiting: 'Taken',
    reconnecting: 'Reconnecting', token: 'Locked', failed: 'Stopped',
  },
  conflict: 'Somebody else looks into this mirror. Waiting for it to be free…',

  offer(pc) {
    const back = new MediaStream();
    for (const track of media.getTracks()) pc.addTransceiver(track, { direction: 'sendrecv', streams: [media] });
    pc.ontrack = ({ track }) => {
      back.addTrack(track);
      if (video.srcObject !== back) video.srcObject = back;
      video.play().catch(() => {});
    };
    // The program makes it too; so the offer has data channels, for the results.
    control = pc.createDataChannel('slow', { negotiated: true, id: 201 });
    control.onopen = tellSlow;
    pc.ondatachannel = ({ channel }) => {
      framewire.results = new Results(channel, (result) => {
        if (!result.value?.processing_complete) return overlay.add(result);
        setTimeout(again, 0, 'The program has ended it.'); // once that was acknowledged
      });
    };
  },

  changed(pc) {
    if (pc.connectionState === 'connected') {
      failures = 0;
      show('live');
    } else if (pc.connectionState === 'disconnected') doubt(pc);
  },

  left() {
    last = framewire.results = null;
    ages = [];
    overlay.clear();
  },
};

// Nothing is heard: a server that ended the session says so here, long before ICE notices.
async function doubt(pc) {
  const response = await ask();
  if (framewire.pc === pc && !response?.ok) again('The session has ended.');
}

async function prepare() {
  const picture = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
  let refusal = new Error('browsers give it to pages over https only');
  for (const wanted of [{ video: picture, audio: true }, { video: picture }, { audio: true }]) {
    try {
      const tracks = (await navigator.mediaDevices.getUserMedia(wanted)).getTracks();
      for (const track of tracks) {
        if (track.kind === 'audio') media.addTrack(track);
        else camera = await play(track);
      }
      refusal = camera ? null : refusal;
      break;
    } catch (error) {
      refusal = error;
    }
  }
  setInterval(draw, 1000 / 30);
  show('ready', refusal ? `No camera: ${refusal.message}. A pattern is sent in its place.` : '');
}

async function play(track) {
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  video.srcObject = new MediaStream([track]);
  await video.play();
  return video;
}

// What is sent, as one sees oneself in a mirror. `framewire.draw` may draw something else.
function draw() {
  const { width, height } = sent;
  if (framewire.draw) framewire.draw(context);
  else if (camera) {
    const scale = Math.max(width / camera.videoWidth, height / camera.videoHeight);
    const [w, h] = [camera.videoWidth * scale, camera.videoHeight * scale];
    context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(camera, (width - w) / 2, (height - h) / 2, w, h);
    context.resetTransform();
  } else pattern(width, height);
  stamp(width, height);
}

// A ball that goes around.
function pattern(width, height) {
  const angle = (performance.now() / 2000) * Math.PI;
  context.fillStyle = '#1b2a4a';
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#e2b34b';
  context.beginPath();
  context.arc(width / 2 + 180 * Math.cos(angle), height / 2 + 120 * Math.sin(2 * angle), 40, 0, 2 * Math.PI);
  context.fill();
}

const now = () => Math.round(performance.now()) & (2 ** BITS - 1);

function stamp(width, height) {
  const millis = now();
  for (let bit = 0; bit < BITS; bit++) {
    context.fillStyle = (millis >> bit) & 1 ? '#fff' : '#000';
    context.fillRect((bit * width) / BITS, height * (1 - EDGE), width / BITS, height * EDGE);
  }
}

// How old the picture is that the browser shows.
function age() {
  const { videoWidth: width, videoHeight: height } = video;
  reader.drawImage(video, 0, height * (1 - EDGE), width, height * EDGE, 0, 0, BITS * 3, 3);
  const { data } = reader.getImageData(0, 1, BITS * 3, 1);
  let millis = 0;
  for (let bit = 0; bit < BITS; bit++) millis |= (data[4 * (bit * 3 + 1) + 1] > 127) << bit;
  return (now() - millis) & (2 ** BITS - 1);
}

const frame = () => {
  if (framewire.state === 'live' && video.videoWidth) ages.push(age());
  video.requestVideoFrameCallback?.(frame);
};
video.requestVideoFrameCallback?.(frame);

function tellSlow() {
  element('slower').textContent = `${slow.value} ms`;
  if (control?.readyState === 'open') control.send(slow.value);
}

async function measure() {
  const { pc } = framewire;
  if (!pc || pc.connectionState !== 'connected') return;
  const reports = [...(await pc.getStats()).values()];
  if (framewire.pc !== pc) return;
  const rtp = (type) => reports.filter((r) => r.type === type);
  const picture = rtp('inbound-rtp').find((r) => r.kind === 'video');
  const figures = {
    time: performance.now(),
    bytes: rtp('inbound-rtp').reduce((sum, r) => sum + (r.bytesReceived ?? 0), 0),
    frames: picture?.framesDecoded ?? 0,
  };
  const before = last ?? figures;
  last = figures;
  const seconds = (figures.time - before.time) / 1000;
  const seen = ages.splice(0).sort((a, b) => a - b); // a bit that was misread is an outlier
  framewire.stats = {
    width: picture?.frameWidth ?? 0,
    height: picture?.frameHeight ?? 0,
    frames: figures.frames,
    fps: seconds ? (figures.frames - before.frames) / seconds : 0,
    bitsPerSecond: seconds ? (8 * (figures.bytes - before.bytes)) / seconds : 0,
    delay: seen[seen.length >> 1],
    sent: rtp('outbound-rtp').find((r) => r.kind === 'video')?.framesEncoded ?? 0,
    audio: rtp('inbound-rtp').find((r) => r.kind === 'audio')?.totalSamplesReceived ?? 0,
  };
  if (!seconds) return;
  tell(framewire.stats, '–');
  element('delay').textContent = seen.length ? `${framewire.stats.delay} ms` : '–';
}

function mute() {
  video.muted = !video.muted;
  document.body.classList.toggle('muted', video.muted);
  element('mute').setAttribute('aria-label', video.muted ? 'Sound on' : 'Sound off');
}

element('start').onclick = () => {
  failures = 0;
  join();
};
element('stop').onclick = () => {
  leave();
  show('ready');
};
element('mute').onclick = mute;
slow.oninput = tellSlow;
document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey, target }) => {
  if (key === 'm' && !ctrlKey && !metaKey && !altKey && target.tagName !== 'INPUT') mute();
});
// Back out of the browser's cache its session is gone, and its visitor has not pressed anything.
addEventListener('pageshow', (event) => { if (event.persisted) show('ready'); });
setInterval(measure, 1000);
document.body.classList.add('muted');
prepare();
