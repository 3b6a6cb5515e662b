//! Uploads complete, or fail with a reason; nothing stays behind, and one taker gets the file.

use crate::rng::Rng;
use crate::{hex, ms};
use framewire::error::Status;
use framewire::message::upload::{Heard, Store, TempFile, Upload, UploadLimits, UploadState};
use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

/// A file in memory that says what became of it, and may be on a disk that is full.
#[derive(Debug, Default)]
struct Memory(Rc<RefCell<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    bytes: Vec<u8>,
    room: Option<usize>,
    finished: Option<u64>,
    removed: bool,
}

impl Store for Memory {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        let end = at as usize + bytes.len();
        if disk.room.is_some_and(|room| end > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let len = disk.bytes.len().max(end);
        disk.bytes.resize(len, 0);
        disk.bytes[at as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self, size: u64) -> io::Result<()> {
        self.0.borrow_mut().finished = Some(size);
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.borrow_mut().removed = true;
    }
}

fn upload(limits: UploadLimits) -> (Upload<Memory>, Rc<RefCell<Disk>>) {
    let store = Memory::default();
    let disk = store.0.clone();
    (Upload::new(store, limits), disk)
}

fn chunk(index: u32, total: u32, bytes: &[u8]) -> Vec<u8> {
    [&index.to_le_bytes(), &total.to_le_bytes(), bytes].concat()
}

fn failed(heard: &Heard) -> &str {
    let Heard::Failed(why) = heard else { panic!("{heard:?}") };
    why
}

#[test]
fn a_file_byte_by_byte() {
    let (mut upload, disk) = upload(UploadLimits::default());
    assert_eq!(*upload.state(), UploadState::Idle);
    assert_eq!(upload.message(&hex("00000000 02000000 616263"), ms(0)), Heard::Chunk);
    assert_eq!((upload.state(), upload.received(), upload.chunks()), (&UploadState::Receiving, 3, (1, 2)));
    assert_eq!(upload.message(&hex("01000000 02000000 64"), ms(1)), Heard::Complete);
    assert_eq!(disk.borrow().bytes, b"abcd");
    assert_eq!(
        (disk.borrow().finished, upload.state(), upload.received()),
        (Some(4), &UploadState::Complete, 4)
    );
}

#[test]
fn an_empty_file_completes() {
    let (mut upload, disk) = upload(UploadLimits::default());
    assert_eq!(upload.message(&hex("00000000 01000000"), ms(0)), Heard::Complete);
    assert_eq!(disk.borrow().finished, Some(0));
    assert!(upload.take().is_ok());
}

#[test]
fn keep_alives_are_echoed_and_are_no_progress() {
    let (mut upload, disk) = upload(UploadLimits::default());
    assert_eq!((upload.message(b"", ms(0)), upload.deadline()), (Heard::KeepAlive, None));
    upload.message(&chunk(0, 3, b"a"), ms(0));
    assert_eq!(upload.message(b"p", ms(59_000)), Heard::KeepAlive);
    assert_eq!(upload.message(&chunk(0, 3, b"a"), ms(59_000)), Heard::Nothing, "it had come before");
    assert_eq!((upload.tick(ms(59_999)), upload.deadline()), (Heard::Nothing, Some(ms(60_000))));
    assert_eq!(upload.message(&chunk(1, 3, b"b"), ms(59_999)), Heard::Chunk);
    assert_eq!(upload.tick(ms(60_000)), Heard::Nothing);
    assert_eq!(failed(&upload.tick(ms(119_999))), "nothing new came for 60 s");
    assert!(disk.borrow().removed);
    assert_eq!((upload.tick(ms(200_000)), upload.deadline()), (Heard::Nothing, None));
    assert_eq!(upload.message(b"", ms(200_000)), Heard::KeepAlive);
}

#[test]
fn chunks_in_any_order_find_their_place() {
    let mut rng = Rng(11);
    for round in 0..200 {
        let size = 1 + rng.next() as usize % 20;
        let file: Vec<u8> = (0..1 + rng.next() % 400).map(|n| (n * 7) as u8).collect();
        let total = file.len().div_ceil(size) as u32;
        let mut order: Vec<u32> = (0..total).collect();
        order.sort_by_cached_key(|_| if round % 2 == 0 { rng.next() } else { 0 });
        if round % 3 == 0 {
            order.reverse();
        }
        let (mut upload, disk) = upload(UploadLimits { size: file.len() as u64, ..UploadLimits::default() });
        for (n, &index) in order.iter().enumerate() {
            let bytes = file.chunks(size).nth(index as usize).expect("it is one");
            let heard = upload.message(&chunk(index, total, bytes), ms(0));
            assert_eq!(heard, if n + 1 == order.len() { Heard::Complete } else { Heard::Chunk }, "{order:?}");
            if n + 1 < order.len() {
                assert_eq!(upload.message(&chunk(index, total, bytes), ms(0)), Heard::Nothing);
            }
        }
        assert_eq!((&disk.borrow().bytes, disk.borrow().finished), (&file, Some(file.len() as u64)));
    }
}

#[test]
fn in_order_chunks_may_have_any_size() {
    let (mut upload, disk) = upload(UploadLimits::default());
    for (index, bytes) in [&b"abc"[..], b"d", b"ef", b"ghijk"].into_iter().enumerate() {
        upload.message(&chunk(index as u32, 4, bytes), ms(0));
    }
    assert_eq!((upload.state(), &disk.borrow().bytes[..]), (&UploadState::Complete, &b"abcdefghijk"[..]));
}

#[test]
fn each_broken_rule_fails_the_upload_removes_the_file_and_tells_why_once() {
    let first = || chunk(0, 4, b"ab");
    let broken = [
        (vec![first(), chunk(1, 5, b"cd")], "the total changed from 4 to 5"),
        (vec![first(), chunk(0, 5, b"cd")], "the total changed from 4 to 5"),
        (vec![first(), chunk(4, 4, b"cd")], "chunk 4 of 4: the index is out of range"),
        (vec![chunk(0, 0, b"")], "chunk 0 of 0: the index is out of range"),
        (vec![first(), chunk(1, 4, b"")], "chunk 1 of 4 is empty, and not the last"),
        (
            vec![first(), chunk(2, 4, b"c")],
            "chunks that come out of order must be equally large, all but the last",
        ),
        (
            vec![first(), chunk(3, 4, b"x"), chunk(1, 4, b"c")],
            "chunks that come out of order must be equally large, all but the last",
        ),
        (vec![first(), b"1234567".to_vec()], "a message of 7 bytes is neither a chunk nor a keep-alive"),
        (vec![b"12".to_vec()], "a message of 2 bytes is neither a chunk nor a keep-alive"),
        (vec![chunk(0, 1, b"a"), chunk(0, 1, b"b")], "a second upload"),
        (vec![chunk(0, 1, b"a"), chunk(1, 2, b"b")], "a second upload"),
        (vec![chunk(0, 1, b"12345678901")], "the file is larger than 10 bytes"),
        (vec![chunk(0, 12, b"1")], "the file is larger than 10 bytes"),
        (vec![chunk(0, u32::MAX, b"1")], "the file is larger than 10 bytes"),
        (
            vec![chunk(0, 4, b"1234"), chunk(1, 4, b"1234"), chunk(2, 4, b"123")],
            "the file is larger than 10 bytes",
        ),
        (vec![chunk(0, 5, b"123"), chunk(3, 5, b"123")], "the file is larger than 10 bytes"),
        (vec![chunk(4, 5, b"1"), chunk(0, 5, b"123")], "the file is larger than 10 bytes"),
    ];
    for (messages, why) in broken {
        let (mut upload, disk) = upload(UploadLimits { size: 10, ..UploadLimits::default() });
        let (last, before) = messages.split_last().expect("there are some");
        for message in before {
            assert!(matches!(upload.message(message, ms(0)), Heard::Chunk | Heard::Complete));
        }
        assert!(!disk.borrow().removed);
        assert_eq!(failed(&upload.message(last, ms(0))), why);
        assert_eq!(*upload.state(), UploadState::Failed(why.into()));
        assert!(disk.borrow().removed && disk.borrow().bytes.len() <= 10);
        assert_eq!(upload.message(last, ms(0)), Heard::Nothing);
        assert_eq!(upload.message(&first(), ms(0)), Heard::Nothing);
        let error = upload.take().expect_err("there is no file");
        assert!(error.status() == Status::InvalidState && error.sentence().contains(why), "{error}");
    }
}

#[test]
fn a_full_disk_fails_the_upload() {
    let (mut upload, disk) = upload(UploadLimits::default());
    disk.borrow_mut().room = Some(3);
    assert_eq!(upload.message(&chunk(0, 3, b"ab"), ms(0)), Heard::Chunk);
    let heard = upload.message(&chunk(1, 3, b"cd"), ms(0));
    assert!(failed(&heard).starts_with("the file cannot be written: "), "{heard:?}");
    assert!(disk.borrow().removed);
}

#[test]
fn a_client_that_is_gone_leaves_nothing_behind() {
    let (mut upload, disk) = upload(UploadLimits::default());
    upload.message(&chunk(0, 2, b"a"), ms(0));
    assert_eq!(failed(&upload.abort("the channel closed")), "the channel closed");
    assert!(disk.borrow().removed);
}

#[test]
fn exactly_one_taker_gets_the_file() {
    let (mut upload, disk) = upload(UploadLimits::default());
    assert_eq!(upload.take().expect_err("not yet").status(), Status::Again);
    upload.message(&chunk(0, 2, b"a"), ms(0));
    assert_eq!(upload.take().expect_err("not yet").status(), Status::Again);
    assert_eq!(upload.message(&chunk(1, 2, b"b"), ms(0)), Heard::Complete);
    assert_eq!(upload.abort("the channel closed"), Heard::Nothing, "what is whole stays whole");
    assert_eq!(upload.message(&chunk(1, 2, b"b"), ms(0)), Heard::Nothing, "as does what comes again");
    let file = upload.take().expect("it is complete");
    assert_eq!(upload.take().expect_err("somebody has it").status(), Status::InvalidState);
    assert_eq!(failed(&upload.message(&chunk(0, 2, b"a"), ms(0))), "a second upload");
    assert_eq!(upload.message(&chunk(0, 2, b"a"), ms(0)), Heard::Nothing, "said once");
    assert_eq!((upload.state(), disk.borrow().removed), (&UploadState::Taken, false));
    drop(file);
}

#[test]
fn chunks_in_the_wildest_order_take_bounded_memory() {
    let (mut upload, _) = upload(UploadLimits::default());
    let wild = (1..).map(|n| upload.message(&chunk(2 * n, 1 << 20, b"x"), ms(0)));
    let failure = wild.take(2_000).position(|heard| matches!(heard, Heard::Failed(_)));
    assert_eq!(failure, Some(1_024));
}

/// Counts, and keeps nothing.
#[derive(Default)]
struct Nowhere {
    end: u64,
}

impl Store for Nowhere {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        assert_eq!(at, self.end, "in order, nothing is held back");
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn finish(&mut self, size: u64) -> io::Result<()> {
        assert_eq!(size, self.end);
        Ok(())
    }
}

#[test]
fn a_gibibyte_goes_through_to_the_store_chunk_by_chunk() {
    let limits = UploadLimits { size: 1 << 30, ..UploadLimits::default() };
    let mut upload = Upload::new(Nowhere::default(), limits);
    let total = (1_u32 << 30).div_ceil(49_152);
    let mut message = chunk(0, total, &[7; 49_152]);
    for index in 0..total {
        message[..4].copy_from_slice(&index.to_le_bytes());
        if index == total - 1 {
            message.truncate(8 + (1 << 30) % 49_152);
        }
        upload.message(&message, ms(u64::from(index)));
    }
    assert_eq!(upload.take().expect("complete").end, 1 << 30);
}

/// A folder of the test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("upload-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("it can be made");
        Folder(path)
    }

    fn files(&self) -> usize {
        self.0.read_dir().expect("it is there").count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("it can be removed");
    }
}

#[test]
fn a_file_on_disk_is_whole_its_takers_and_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("whole");
    let mut upload = Upload::new(TempFile::new(&folder.0), UploadLimits::default());
    assert_eq!(folder.files(), 0, "nothing came, so there is nothing");
    upload.message(&chunk(2, 3, b"e"), ms(0));
    upload.message(&chunk(1, 3, b"cd"), ms(0));
    assert_eq!(upload.message(&chunk(0, 3, b"ab"), ms(0)), Heard::Complete);
    let path = upload.take().expect("complete").keep().expect("there is a file");
    drop(upload);
    assert_eq!(std::fs::read(&path).expect("it stays"), b"abcde");
    assert_eq!(std::fs::metadata(&path).expect("it stays").permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_empty_file_on_disk_is_there() {
    let folder = Folder::new("empty");
    let mut upload = Upload::new(TempFile::new(&folder.0), UploadLimits::default());
    assert_eq!(upload.message(&chunk(0, 1, b""), ms(0)), Heard::Complete);
    let path = upload.take().expect("complete").keep().expect("there is a file");
    assert_eq!(std::fs::read(path).expect("it stays"), b"");
}

#[test]
fn a_file_on_disk_goes_with_a_failure_a_drop_and_a_taker_who_does_not_keep_it() {
    let folder = Folder::new("gone");
    let new = || Upload::new(TempFile::new(&folder.0), UploadLimits::default());
    let mut failing = new();
    failing.message(&chunk(0, 2, b"a"), ms(0));
    assert_eq!(folder.files(), 1);
    failing.message(&chunk(1, 3, b"a"), ms(0));
    assert_eq!(folder.files(), 0);
    let mut dropped = new();
    dropped.message(&chunk(0, 2, b"a"), ms(0));
    drop(dropped);
    assert_eq!(folder.files(), 0);
    let mut taken = new();
    taken.message(&chunk(0, 1, b"a"), ms(0));
    drop(taken.take().expect("complete"));
    assert_eq!(folder.files(), 0);
}

#[test]
fn a_folder_that_is_not_there_fails_the_upload() {
    let folder = Folder::new("missing");
    let mut upload = Upload::new(TempFile::new(folder.0.join("none")), UploadLimits::default());
    let heard = upload.message(&chunk(0, 1, b"a"), ms(0));
    assert!(failed(&heard).starts_with("the file cannot be written: "), "{heard:?}");
}
