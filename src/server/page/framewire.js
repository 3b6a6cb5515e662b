/**
 * Framewire in a page: results beside the video, drawn over the frame that they are about, and files sent
 * back. An ES module without dependencies; a page of any origin may import it.
 *
 *     import { Overlay, Results } from 'http://127.0.0.1:8080/framewire.js';
 *
 *     const overlay = new Overlay(video, canvas);
 *     pc.ondatachannel = ({ channel }) => {
 *       if (channel.label === 'results') new Results(channel, (result) => overlay.add(result));
 *     };
 *
 * On the wire a message is cut into chunks of three little-endian u32 (frame id, index, total) and a slice; it
 * may be gzip, which its first two bytes tell. What has been handled is acknowledged by {"ack": id}.
 *
 * @module
 */

/**
 * One result.
 * @typedef {object} Result
 * @property {number} id Its frame id.
 * @property {Uint8Array} bytes The message, unpacked.
 * @property {any} value What it says, if it is JSON: the envelope.
 */

/** Puts messages together out of chunks, in whatever order they come, within a budget. */
export class Reassembler {
  #unfinished = new Map(); // in the order of their last chunk
  #ended = new Set(); // what is left of these is passed over until they begin anew
  #bytes = 0;
  #maxMessage;
  #maxUnfinished;

  /** Messages that broke a rule, or had to make room: nothing is kept for ever. */
  lost = 0;

  /** @param {{maxMessage?: number, maxUnfinished?: number}} [limits] bytes of a message and of all that are unfinished; how many. */
  constructor({ maxMessage = 64 << 20, maxUnfinished = 256 } = {}) {
    this.#maxMessage = maxMessage;
    this.#maxUnfinished = maxUnfinished;
  }

  /**
   * Takes one chunk.
   * @param {ArrayBuffer} chunk
   * @returns {?{id: number, bytes: Uint8Array}} the message that it makes whole.
   */
  push(chunk) {
    if (chunk.byteLength < HEADER) return this.#end();
    const view = new DataView(chunk);
    const [id, index, total] = [0, 4, 8].map((at) => view.getUint32(at, true));
    const message = this.#unfinished.get(id) ?? { total, size: 0, chunks: new Map() };
    if (index >= total || total !== message.total) return this.#end(id);
    if (this.#ended.has(id) && index !== 0) return null;
    if (message.chunks.has(index)) return null; // it came before
    this.#ended.delete(id);
    // With its header: empty chunks are not free either.
    if (message.size + chunk.byteLength > this.#maxMessage + HEADER * (message.chunks.size + 1)) return this.#end(id);
    message.size += chunk.byteLength;
    message.chunks.set(index, new Uint8Array(chunk, HEADER));
    this.#bytes += chunk.byteLength;
    this.#unfinished.delete(id);
    this.#unfinished.set(id, message);
    if (message.chunks.size === total) return this.#whole(id, message);
    for (const oldest of this.#unfinished.keys()) {
      if (this.#unfinished.size <= this.#maxUnfinished && this.#bytes <= 2 * this.#maxMessage) break;
      this.#end(oldest);
    }
    return null;
  }

  #whole(id, { total, size, chunks }) {
    this.#forget(id);
    if (total === 1) return { id, bytes: chunks.get(0) };
    const bytes = new Uint8Array(size - HEADER * total);
    for (let index = 0, at = 0; index < total; at += chunks.get(index++).length) bytes.set(chunks.get(index), at);
    return { id, bytes };
  }

  #end(id) {
    this.lost += 1;
    if (this.#forget(id)) this.#ended.add(id);
    if (this.#ended.size > this.#maxUnfinished) this.#ended.delete(this.#ended.values().next().value);
    return null;
  }

  #forget(id) {
    this.#bytes -= this.#unfinished.get(id)?.size ?? 0;
    return this.#unfinished.delete(id);
  }
}

const HEADER = 12;

/** What comes on a channel of results, whole, unpacked, in order, and acknowledged. */
export class Results {
  #channel;
  #handle;
  #reassembler;
  #limits;
  #newest;
  #waiting = [];
  #busy = false;
  #closed = false;
  #over;

  /** Counts: what was handled, passed over for something newer, and could not be read or handled. */
  stats = { handled: 0, skipped: 0, failed: 0 };
  /** The last of them: the envelope with processing_complete. @type {?Result} */
  last = null;
  /** Settles when the last has been handled, or the channel has closed without it: `last`. @type {Promise<?Result>} */
  ended = new Promise((resolve) => (this.#over = resolve));

  /**
   * @param {RTCDataChannel} channel Just announced: what came before nobody listened is lost.
   * @param {(result: Result) => any} handle Called for one result at a time. A promise that it returns is
   *   waited for before the result is acknowledged; one that fails is reported, counted and acknowledged too,
   *   since waiting would not mend it.
   * @param {object} [options]
   * @param {boolean} [options.newest] While one is handled, newer ones take the place of those that wait.
   * @param {boolean} [options.acknowledge] Whether to; true.
   * @param {number} [options.maxMessage] Bytes, packed and unpacked; 64 MiB.
   * @param {number} [options.maxUnfinished] Messages; 256.
   */
  constructor(channel, handle, { newest = false, acknowledge = true, ...limits } = {}) {
    this.#channel = channel;
    this.#handle = handle;
    this.#newest = newest;
    this.#limits = { maxMessage: 64 << 20, ...limits, acknowledge };
    this.#reassembler = new Reassembler(this.#limits);
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('message', ({ data }) => this.#take(data));
    channel.addEventListener('close', () => this.#close());
    if (channel.readyState === 'closed') this.#close();
  }

  /** Messages that broke a rule of the wire and were passed over. */
  get lost() {
    return this.#reassembler.lost;
  }

  #take(chunk) {
    if (!(chunk instanceof ArrayBuffer)) return;
    const message = this.#reassembler.push(chunk);
    if (!message) return;
    if (this.#newest) this.stats.skipped += this.#waiting.splice(0).length;
    this.#waiting.push(message);
    if (!this.#busy) this.#work();
  }

  async #work() {
    this.#busy = true;
    for (let message; (message = this.#waiting.shift()); ) {
      const { id } = message;
      try {
        const packed = message.bytes[0] === 0x1f && message.bytes[1] === 0x8b;
        const bytes = packed ? await unpack(message.bytes, this.#limits.maxMessage) : message.bytes;
        const result = { id, bytes, value: read(bytes) };
        if (result.value?.processing_complete === true) this.last = result;
        const handled = this.#handle(result);
        if (typeof handled?.then === 'function') await handled;
        this.stats.handled += 1;
      } catch (error) {
        this.stats.failed += 1;
        reportError(error);
      }
      // Not every browser notices that a program which has said its last word is gone.
      if (this.last) this.#over(this.last);
      if (this.#limits.acknowledge && this.#channel.readyState === 'open') this.#channel.send(`{"ack": ${id}}`);
    }
    this.#busy = false;
    if (this.#closed) this.#over(this.last);
  }

  #close() {
    this.#closed = true;
    if (!this.#busy) this.#over(this.last);
  }
}

/** gzip, but no more than `most` bytes of it. */
async function unpack(bytes, most) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    if ((size += value.length) > most) {
      reader.cancel().catch(() => {});
      throw new RangeError(`a result unpacks to more than ${most} bytes`);
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function read(message) {
  try {
    return JSON.parse(typeof message === 'string' ? message : new TextDecoder('utf-8', { fatal: true }).decode(message));
  } catch {
    return undefined; // any bytes may be sent
  }
}

/** Finds the result of a video frame: by the RTP timestamp of both, where they have it. */
export class Pairing {
  #byTime = new Map(); // in the order of arrival
  #newest = null;
  #capacity;
  #hold;

  /** @param {{capacity?: number, hold?: number}} [options] results that are kept; seconds for which one also counts for the frames after its own. */
  constructor({ capacity = 256, hold = 0.25 } = {}) {
    this.#capacity = capacity;
    this.#hold = hold;
  }

  /**
   * The RTP timestamp that a result names: `pts` in units of 1/90,000 s.
   * @param {Result} result
   * @returns {?number}
   */
  static timestamp({ value }) {
    const { pts, time_base: unit } = value?.video_metadata ?? {};
    return Number.isInteger(pts) && (unit === '1/90000' || Math.abs(unit * 90_000 - 1) < 1e-6) ? pts >>> 0 : null;
  }

  /** @param {Result} result */
  add(result) {
    const time = Pairing.timestamp(result);
    this.#newest = { result, time, came: performance.now() };
    if (time === null) return;
    this.#byTime.delete(time);
    this.#byTime.set(time, result);
    if (this.#byTime.size > this.#capacity) this.#byTime.delete(this.#byTime.keys().next().value);
  }

  /**
   * The result for a frame: its own (`exact`), or one of a frame shortly before. Where the browser does not
   * tell the frame's timestamp, or results name none, it is the newest, if it came just now.
   * @param {number} [rtpTimestamp] of requestVideoFrameCallback.
   * @returns {?{result: Result, exact: boolean}}
   */
  find(rtpTimestamp) {
    if (!this.#newest) return null;
    if (rtpTimestamp === undefined || this.#newest.time === null) {
      const fresh = performance.now() - this.#newest.came < 1000 * Math.max(this.#hold, 1);
      return fresh ? { result: this.#newest.result, exact: false } : null;
    }
    const own = this.#byTime.get(rtpTimestamp);
    if (own) return { result: own, exact: true };
    let [best, age] = [null, this.#hold * 90_000];
    for (const [time, result] of this.#byTime) {
      const since = (rtpTimestamp - time) | 0; // it wraps: RFC 3550 section 5.1
      if (since >= 0 && since <= age) [best, age] = [result, since];
    }
    return best && { result: best, exact: false };
  }

  clear() {
    this.#byTime.clear();
    this.#newest = null;
  }
}

/**
 * Draws results on a canvas that lies over a video of `object-fit: contain` and has its size. Each frame gets
 * its own, or that of a frame just before, or nothing.
 */
export class Overlay {
  #video;
  #canvas;
  #draw;
  #picture;
  #pairing;
  #handle;
  #sizes;
  #frame; // what the browser said of the frame on the screen
  #drawn = null;

  /** What is on the screen: the result, whether it is this very frame's, the frame's RTP timestamp if known. @type {?{result: Result, exact: boolean, rtpTimestamp: number|undefined}} */
  shown = null;
  /** Called with `shown` for every frame. @type {?(shown: ?object) => void} */
  onframe = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {HTMLCanvasElement} canvas
   * @param {object} [options]
   * @param {(context: CanvasRenderingContext2D, result: Result, area: Area) => void} [options.draw] In CSS pixels; {@link drawBoxes}.
   * @param {boolean} [options.picture] Draws the frame too, under its result, so that the two cannot part: what
   *   a canvas shows is on the screen a refresh later than a video, and a busy page may miss a frame.
   * @param {number} [options.hold] Seconds for which a result stays for frames without one; 0.25.
   */
  constructor(video, canvas, { draw = drawBoxes, picture = false, hold } = {}) {
    this.#video = video;
    this.#canvas = canvas;
    this.#draw = draw;
    this.#picture = picture;
    this.#pairing = new Pairing({ hold });
    this.#sizes = new ResizeObserver(() => this.#paint(true));
    this.#sizes.observe(canvas);
    this.#await();
  }

  /** Takes a result; it is drawn when its frame is on the screen. @param {Result} result */
  add(result) {
    this.#pairing.add(result);
    if (this.#frame) this.#paint();
  }

  /** Nothing is drawn until something is added. */
  clear() {
    this.#pairing.clear();
    this.#paint();
  }

  /** Ends it. */
  close() {
    this.#video.cancelVideoFrameCallback?.(this.#handle);
    this.#sizes.disconnect();
    this.clear();
  }

  #await() {
    if (!this.#video.requestVideoFrameCallback) return void (this.#frame = {}); // whatever comes is the newest
    this.#handle = this.#video.requestVideoFrameCallback((_, frame) => {
      this.#await();
      this.#frame = frame;
      this.#paint(this.#picture);
      this.onframe?.(this.shown);
    });
  }

  #paint(anew = false) {
    // What the video shows by now may be newer than what the callback was about.
    const image = this.#picture ? grab(this.#video) : null;
    try {
      this.#show(image, image?.metadata?.().rtpTimestamp ?? this.#frame?.rtpTimestamp, anew);
    } finally {
      image?.close();
    }
  }

  #show(image, rtpTimestamp, anew) {
    const found = this.#pairing.find(rtpTimestamp);
    this.shown = found && { ...found, rtpTimestamp };
    const result = found?.result ?? null;
    const { videoWidth, videoHeight } = this.#video;
    const key = result && `${videoWidth}x${videoHeight}`;
    if ((!anew || (!result && !this.#drawn?.result)) && this.#drawn?.result === result && this.#drawn?.key === key) return;
    this.#drawn = { result, key };
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const density = devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
    if (this.#canvas.width !== columns || this.#canvas.height !== rows) [this.#canvas.width, this.#canvas.height] = [columns, rows];
    const context = this.#canvas.getContext('2d');
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!result || !videoWidth || !videoHeight || !width || !height) return;
    const scale = Math.min(width / videoWidth, height / videoHeight);
    const [w, h] = [videoWidth * scale, videoHeight * scale];
    const area = { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h, videoWidth, videoHeight };
    context.save();
    if (this.#picture) context.drawImage(image ?? this.#video, area.x, area.y, area.width, area.height);
    this.#draw(context, result, area);
    context.restore();
  }
}

/** The frame that the video shows, where a browser can tell it. */
function grab(video) {
  try {
    return new VideoFrame(video);
  } catch {
    return null;
  }
}

/**
 * Where the picture lies on the canvas, in CSS pixels, and how many pixels it has.
 * @typedef {{x: number, y: number, width: number, height: number, videoWidth: number, videoHeight: number}} Area
 */

/**
 * Draws what serialized_output_data (or the result itself, without an envelope) has of this:
 *
 *     { "boxes": [{ "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, "label": "cat 97 %", "color": "#ff0" }],
 *       "units": "pixels",
 *       "text": "2 cats" }
 *
 * x and y are the upper left corner. Numbers are parts of the picture, 0 to 1; with `units` "pixels", pixels of
 * a picture of video_metadata's size (the video's, without one). `label`, `color` (of CSS), `units` and `text`
 * may be missing; what is not of this form is not drawn.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Result} result
 * @param {Area} area
 */
export function drawBoxes(context, { value }, area) {
  const output = value?.serialized_output_data ?? value;
  const { width = null, height = null } = value?.video_metadata ?? {};
  const pixels = output?.units === 'pixels';
  const across = area.width / (pixels ? width || area.videoWidth : 1);
  const down = area.height / (pixels ? height || area.videoHeight : 1);
  const size = Math.min(18, Math.max(11, area.height / 26));
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.beginPath();
  context.rect(area.x, area.y, area.width, area.height);
  context.clip();
  if (typeof output?.text === 'string' && output.text) {
    chip(context, output.text, area.x + size / 2, area.y + area.height - size * 2.4, size, area, '#0b0e14c0', '#e8ecf3');
  }
  const boxes = Array.isArray(output?.boxes) ? output.boxes : [];
  for (const box of boxes.slice(0, 1000)) {
    const sides = [box?.x, box?.y, box?.width, box?.height];
    if (!sides.every(Number.isFinite)) continue;
    const [x, y, w, h] = [area.x + sides[0] * across, area.y + sides[1] * down, sides[2] * across, sides[3] * down];
    const label = String(box.label ?? '');
    const color = paint(context, box.color, label);
    context.lineWidth = Math.max(2, size / 6);
    context.strokeStyle = '#000a'; // seen on bright pictures too
    context.strokeRect(x, y, w, h);
    context.lineWidth /= 1.6;
    context.strokeStyle = color;
    context.strokeRect(x, y, w, h);
    const above = y - size * 1.5;
    if (label) chip(context, label, x, above < area.y ? y + h : above, size, area, color, '#06201d');
  }
}

/** A colour of CSS, or one that belongs to the label. */
function paint(context, wanted, label) {
  context.fillStyle = '#4fd1c5';
  if (typeof wanted === 'string') {
    context.fillStyle = wanted; // stays as it was if that is none
  } else if (label) {
    const kind = label.replace(/[\d.,%\s]+/g, ''); // a score is no other kind of thing
    let hash = 0;
    for (const letter of kind) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
    if (kind) context.fillStyle = `hsl(${(168 + hash * 47) % 360} 72% 66%)`;
  }
  return context.fillStyle;
}

/** Words on a ground, moved to where all of them are seen. */
function chip(context, words, x, y, size, area, ground, ink) {
  const inset = size / 2;
  const room = area.width - 2 * inset;
  let text = words.slice(0, 200);
  while (text.length > 1 && context.measureText(text).width > room) text = `${text.slice(0, Math.floor(text.length * 0.8)).trimEnd()}…`;
  const [w, h] = [context.measureText(text).width + 2 * inset, size * 1.5];
  const left = Math.max(area.x, Math.min(x, area.x + area.width - w));
  const top = Math.max(area.y, Math.min(y, area.y + area.height - h));
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(left, top, w, h, size / 4);
  context.fill();
  context.fillStyle = ink;
  context.fillText(text, left + inset, top + h / 2 + size / 16);
}

/**
 * Sends a file on a channel labelled "video_upload", in chunks of two little-endian u32 (index, total) and a
 * slice. It is never more than a megabyte ahead of the channel, and never more than eight ahead of the receiver,
 * which sends signs of life back when it has written what came before. Resolves when the receiver has all of it.
 *
 * @param {RTCDataChannel} channel Ordered and reliable; open, or about to be. It can carry this one file.
 * @param {Blob} file
 * @param {object} [options]
 * @param {(progress: {sent: number, size: number}) => void} [options.onprogress] Bytes that have left the page.
 * @param {AbortSignal} [options.signal] Ends it: the channel is closed.
 * @param {number} [options.chunkSize] Bytes of the file in a chunk; 49,152.
 * @param {number} [options.keepAlive] Milliseconds between signs of life; 15,000.
 * @returns {Promise<void>} Rejects with the receiver's reason, if it has one; with the signal's; or because the channel closed.
 */
export async function upload(channel, file, { onprogress, signal, chunkSize = 49_152, keepAlive = 15_000 } = {}) {
  const [high, low] = [1 << 20, 1 << 18];
  const stretch = Math.max(1, Math.floor((4 << 20) / chunkSize)); // chunks from one sign of life to the next
  const size = file.size;
  const total = Math.max(1, Math.ceil(size / chunkSize)); // an empty file is one empty chunk
  if (total > 0xffff_ffff || !(chunkSize > 0)) throw new RangeError(`chunkSize is ${chunkSize} for ${size} bytes`);
  let pings = 0; // that have not come back
  let complete = false;
  let failure = null;
  let wake = () => {};
  const fail = (error) => {
    failure ??= { error };
    wake();
  };
  const until = async (done) => {
    while (!failure && !done()) await new Promise((resolve) => (wake = resolve));
    if (failure) throw failure.error;
  };
  const over = new AbortController(); // of listening
  const listen = (target, type, listener) => target?.addEventListener(type, listener, { signal: over.signal });
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = low;
  for (const type of ['open', 'bufferedamountlow']) listen(channel, type, () => wake());
  listen(channel, 'message', ({ data }) => {
    const said = typeof data === 'string' ? read(data) : null;
    if (said?.upload === 'failed') fail(new Error(said.reason));
    else if (said?.upload === 'complete') complete = true;
    else pings -= 1;
    wake();
  });
  listen(channel, 'close', () => fail(new Error('the channel closed before the file was sent')));
  listen(signal, 'abort', () => fail(signal.reason));
  const ping = () => {
    if (channel.readyState !== 'open') return;
    pings += 1;
    channel.send(new Uint8Array(1));
  };
  const timer = setInterval(ping, keepAlive);
  let told = 0;
  const tell = (sent) => onprogress?.({ sent: (told = Math.max(told, sent)), size });
  try {
    signal?.throwIfAborted();
    if (!['connecting', 'open'].includes(channel.readyState)) throw new Error('the channel is closed');
    await until(() => channel.readyState === 'open');
    for (let index = 0; index < total; index++) {
      const slice = await file.slice(index * chunkSize, (index + 1) * chunkSize).arrayBuffer();
      const chunk = new Uint8Array(8 + slice.byteLength);
      const header = new DataView(chunk.buffer);
      header.setUint32(0, index, true);
      header.setUint32(4, total, true);
      chunk.set(new Uint8Array(slice), 8);
      const room = channel.bufferedAmount > high ? low : high;
      await until(() => channel.bufferedAmount <= room);
      channel.send(chunk);
      if ((index + 1) % stretch === 0) {
        ping();
        await until(() => pings < 2);
      }
      tell(Math.min(size, (index + 1) * chunkSize) - channel.bufferedAmount);
    }
    // What comes back has gone all the way, and so has what went before it.
    ping();
    await until(() => complete || pings === 0);
    tell(size);
  } catch (error) {
    if (signal?.aborted) channel.close();
    throw error;
  } finally {
    clearInterval(timer);
    over.abort();
  }
}
