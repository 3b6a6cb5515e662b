//! The upload handle.

use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, guard_number, required};
use super::peer::framewire_peer;
use super::registry::{PEERS, SERVERS, UPLOADS};
use super::server::framewire_server;
use super::sized::{self, millis, plain};
use super::status::framewire_status;
use super::text;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::message::upload::{UploadLimits, UploadState};
use crate::uploads::{Progress, Uploads, UploadsOptions};
use std::ffi::c_char;
use std::sync::Arc;

/// A receiver of files that the other side sends, a browser as a rule, from any number of peers. Each comes
/// on a data channel of its own, which the sender makes and labels "video_upload", and is written to a
/// folder as it comes. Exactly one call of framewire_upload_next gets it; then it is yours.
///
/// On the wire a chunk is a binary message: its index, the number of chunks (uint32_t each, little-endian),
/// then a slice of the file, of a size that the sender chooses. In order the chunks may be of any size; out
/// of order all but the last must be equally large. A chunk that comes twice is ignored. A message of 0 or 1
/// byte is a keep-alive and is sent back as it came, after all that came before it has been written: a fast
/// sender paces itself with it. More than 16 MiB that wait for the disk are a failure.
///
/// Back come the texts {"upload":"complete","bytes":N} and {"upload":"failed","reason":"..."}, the latter
/// before the channel is closed. A failure is: a broken rule of the above, another file on a channel or on a
/// connection on which one still comes, a file that is too large, a disk that does not take it, no new chunk
/// for the idle time-out, and the end of the channel. Nothing is left of a file that failed; also one that
/// is whole fails if another comes on its channel before it was taken.
///
/// Thread safety: every function may be called from any thread, also from callbacks; framewire_upload_next
/// holds up an event callback that waits in it.
pub struct framewire_upload {
    _token: (),
}

/// Where an upload stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_upload_state {
    /// Nothing has come.
    FRAMEWIRE_UPLOAD_IDLE = 0,
    /// Chunks come.
    FRAMEWIRE_UPLOAD_RECEIVING = 1,
    /// The file is whole and waits.
    FRAMEWIRE_UPLOAD_COMPLETE = 2,
    /// framewire_upload_next has handed it out.
    FRAMEWIRE_UPLOAD_TAKEN = 3,
    /// There will be no file; framewire_upload_reason says why.
    FRAMEWIRE_UPLOAD_FAILED = 4,
}

/// What an upload handle is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_upload_options {
    /// sizeof(framewire_upload_options).
    pub size: usize,
    /// Where it tells of files that begin, are whole, or fail; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// The folder that files are put into, which must be there; NULL: the system's for temporary files
    /// (TMPDIR, or /tmp). Copied. Files are readable by this user alone.
    pub folder: *const c_char,
    /// The label of the data channels; NULL: "video_upload". Copied.
    pub label: *const c_char,
    /// Bytes of the largest file; 0: 536,870,912.
    pub max_size: u64,
    /// How long a file may go without a new chunk, in milliseconds; 0: 60,000.
    pub idle_timeout_ms: u32,
    /// Files that may be there at once: those that come, one a peer, and those that wait for
    /// framewire_upload_next; 0: 16. With `max_size` it bounds what the disk must hold.
    pub max_files: u32,
}
plain!(framewire_upload_options, first 48, { size, events, folder, label, max_size, idle_timeout_ms, max_files });

/// How far one upload is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_upload_progress {
    /// sizeof(framewire_upload_progress).
    pub size: usize,
    /// Which upload, counted from 1 in the order in which they began; 0: none has.
    pub number: u64,
    /// The peer that it comes from: (uint64_t)handle, or a number without a handle for a server's.
    pub peer: u64,
    /// Bytes of the file that have come.
    pub bytes: u64,
    /// Chunks that have come,
    pub chunks: u32,
    /// and of how many.
    pub total: u32,
    /// A framewire_upload_state.
    pub state: i32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_upload_progress, first 48, { size, number, peer, bytes, chunks, total, state, reserved });

/// Figures of an upload handle since it was made.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_upload_stats {
    /// sizeof(framewire_upload_stats).
    pub size: usize,
    /// Files that come, now.
    pub receiving: u64,
    /// Whole files that wait to be taken, now.
    pub waiting: u64,
    /// Files that became whole.
    pub completed: u64,
    /// Files that were taken.
    pub taken: u64,
    /// Uploads that failed.
    pub failed: u64,
    /// Bytes of files that came, of those that failed too.
    pub bytes: u64,
    /// Keep-alives not sent back, because 16 MiB wait to be sent or the channel was closed.
    pub echoes_dropped: u64,
}
plain!(framewire_upload_stats, first 64, {
    size, receiving, waiting, completed, taken, failed, bytes, echoes_dropped,
});

/// Makes a receiver that no peer sends to yet. `options` may be NULL: all defaults.
///
/// On success `*upload` is yours until framewire_upload_free. INVALID_ARGUMENT: a NULL, a wrong size, a
/// `folder` that is none. INVALID_HANDLE: `options->events` is no events handle. IO: the folder is not
/// there, or a thread could not be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_upload_new(
    options: *const framewire_upload_options,
    upload: *mut *mut framewire_upload,
) -> framewire_status {
    guard(|| {
        let mut converted = UploadsOptions::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            // SAFETY: the caller promises that its texts are C strings.
            converted = unsafe { options.convert() }?;
        }
        required(upload, "upload")?;
        let place = UPLOADS.reserve()?;
        converted.id = Some(place.id());
        let events = converted.events.clone();
        let entry = Entry { uploads: Uploads::new(converted)?, events };
        // SAFETY: `upload` is not NULL, and the caller promises that it is writable.
        unsafe { upload.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a receiver. NULL is fine. Who sends is told, files that were not taken are removed, and those that
/// were are yours. Who waits in framewire_upload_next returns with CLOSED; the descriptor is closed: take
/// it out of your loop first. Peers and servers that it was given to go on without it.
///
/// When it returns the folder is clean, unless the disk does not answer within a second; then the files go
/// when it does. A process that ends without this call leaves unfinished files behind, as
/// framewire-*.upload. Nothing about events is different from framewire_peer_free.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_upload_free(upload: *mut framewire_upload) {
    guard_free(upload, || {
        let (id, entry) = UPLOADS.take(upload)?;
        entry.uploads.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Has files that the remote of `peer` sends go to `upload`: it gets the channels of its label, also where
/// `accept_channels` is 0. To be called before the offer comes or is made, or at any time after data
/// channels were negotiated. Either may be freed first.
///
/// INVALID_STATE: the connection was negotiated without data channels, or another receiver has the label.
/// CLOSED: the peer is over.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_peer_upload(
    peer: *mut framewire_peer,
    upload: *mut framewire_upload,
) -> framewire_status {
    guard(|| {
        let (peer, upload) = (PEERS.get(peer)?, UPLOADS.get(upload)?);
        peer.peer.upload(&upload.uploads)
    })
}

/// Has files go to `upload` that viewers and publishers of `name` (NULL: of every stream) send: those that
/// come from now on and offer data channels. Who may send is who may watch or publish: a server with tokens
/// takes files from nobody else. Either may be freed first. INVALID_STATE: another receiver has its label
/// there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_upload(
    server: *mut framewire_server,
    name: *const c_char,
    upload: *mut framewire_upload,
) -> framewire_status {
    guard(|| {
        let (entry, upload) = (SERVERS.get(server)?, UPLOADS.get(upload)?);
        // SAFETY: the caller promises that `name` is NULL or a C string.
        let name = unsafe { text::read_optional(name, "name") }?;
        entry.server.upload(name, &upload.uploads)
    })
}

/// Takes the whole file that has waited longest, waiting for at most `timeout_ms` milliseconds: 0 does not
/// wait, -1 waits without end. `path` (with `capacity` bytes) receives where it is and a NUL, `*length` (may
/// be NULL) the length without the NUL, `*number` (may be NULL) which upload it was. The file is yours: move
/// or remove it; nobody else gets it.
///
/// LIMIT: `capacity` is too small; the file stays, and `*length` is written. TIMEOUT: none is whole. CLOSED:
/// the receiver was freed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_upload_next(
    upload: *mut framewire_upload,
    timeout_ms: i32,
    path: *mut c_char,
    capacity: usize,
    length: *mut usize,
    number: *mut u64,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let uploads = UPLOADS.get(upload)?.uploads.clone();
        required(path, "path")?;
        let taken = uploads.next_if(sized::timeout(timeout_ms)?, |whole| {
            let bytes = whole.as_os_str().len();
            if !length.is_null() {
                // SAFETY: the caller promises that it is writable.
                unsafe { length.write(bytes) };
            }
            bytes < capacity
        })?;
        // SAFETY: the caller promises that `path` has `capacity` writable bytes; the path was found to fit.
        unsafe { text::out(path, capacity, length) }?
            .write(taken.path.to_str().expect("a receiver's folder is UTF-8"))?;
        if !number.is_null() {
            // SAFETY: the caller promises that it is writable.
            unsafe { number.write(taken.number) };
        }
        Ok(())
    })
}

/// A descriptor for poll, select or epoll: readable exactly while a whole file waits. Only wait for it; do
/// not read or close it. It is the same one each time, and lives until framewire_upload_free. A negative
/// number is a framewire_status, and poll passes over it.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_upload_fd(upload: *mut framewire_upload) -> i32 {
    guard_number(|| UPLOADS.get(upload)?.uploads.descriptor())
}

/// How far upload `number` is; 0: the one that began last. `progress->size` must be set. INVALID_ARGUMENT:
/// there was none of that number, or 64 have ended since it did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_upload_get_progress(
    upload: *mut framewire_upload,
    number: u64,
    progress: *mut framewire_upload_progress,
) -> framewire_status {
    guard(|| {
        let entry = UPLOADS.get(upload)?;
        // SAFETY: the caller promises that `progress` is NULL or points to `progress->size` writable bytes.
        let out = unsafe { sized::out(progress, "progress") }?;
        let progress = entry.progress(number)?;
        use framewire_upload_state::*;
        let state = match progress.state {
            UploadState::Idle => FRAMEWIRE_UPLOAD_IDLE,
            UploadState::Receiving => FRAMEWIRE_UPLOAD_RECEIVING,
            UploadState::Complete => FRAMEWIRE_UPLOAD_COMPLETE,
            UploadState::Taken => FRAMEWIRE_UPLOAD_TAKEN,
            UploadState::Failed(_) => FRAMEWIRE_UPLOAD_FAILED,
        };
        out.write(framewire_upload_progress {
            size: 0,
            number: progress.number,
            peer: progress.peer.0,
            bytes: progress.received,
            chunks: progress.chunks.0,
            total: progress.chunks.1,
            state: state as i32,
            reserved: 0,
        });
        Ok(())
    })
}

/// Why upload `number` (0: the one that began last) failed; "" if it has not. Text out: `reason` (with
/// `capacity` bytes) receives it and a NUL, `*length` (may be NULL) its length without the NUL; `reason` may
/// be NULL. LIMIT: it is too small and not written to, but `*length` is. INVALID_ARGUMENT as in
/// framewire_upload_get_progress.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_upload_reason(
    upload: *mut framewire_upload,
    number: u64,
    reason: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = UPLOADS.get(upload)?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(reason, capacity, length) }?;
        match entry.progress(number)?.state {
            UploadState::Failed(why) => out.write(&why),
            _ => out.write(""),
        }
    })
}

/// The figures of a receiver as they stand. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_upload_get_stats(
    upload: *mut framewire_upload,
    stats: *mut framewire_upload_stats,
) -> framewire_status {
    guard(|| {
        let entry = UPLOADS.get(upload)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        let stats = entry.uploads.stats();
        out.write(framewire_upload_stats {
            size: 0,
            receiving: stats.receiving,
            waiting: stats.waiting,
            completed: stats.completed,
            taken: stats.taken,
            failed: stats.failed,
            bytes: stats.bytes,
            echoes_dropped: stats.echoes_dropped,
        });
        Ok(())
    })
}

/// What an upload handle stands for.
pub struct Entry {
    uploads: Uploads,
    events: Option<Arc<Events>>,
}

impl Entry {
    fn progress(&self, number: u64) -> Result<Progress> {
        self.uploads.progress((number != 0).then_some(number))
    }
}

impl framewire_upload_options {
    /// # Safety
    /// Each text is NULL or a C string.
    unsafe fn convert(&self) -> Result<UploadsOptions> {
        // SAFETY: as promised to us.
        let (folder, label) = unsafe {
            let folder = text::read_optional(self.folder, "options.folder")?;
            (folder, text::read_optional(self.label, "options.label")?)
        };
        let default = UploadsOptions::default();
        let limits = UploadLimits {
            size: if self.max_size == 0 { default.limits.size } else { self.max_size },
            idle: millis(self.idle_timeout_ms).unwrap_or(default.limits.idle),
        };
        if limits.size > i64::MAX as u64 {
            return Err(Error::argument(format!("options.max_size is {}, which no disk has", limits.size)));
        }
        Ok(UploadsOptions {
            id: None,
            events: events::queue(self.events)?,
            folder: folder.map_or(default.folder, Into::into),
            label: label.map_or(default.label, str::to_owned),
            limits,
            most: if self.max_files == 0 { default.most } else { self.max_files as usize },
        })
    }
}
