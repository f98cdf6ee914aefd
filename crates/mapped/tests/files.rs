//! What is mapped, what is read, and what happens to a file that changes meanwhile.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;
use tracehound_mapped::Bytes;

/// Enough to be mapped.
const LARGE: usize = 3 << 20;

fn file(len: usize) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, bytes).expect("written");
    (dir, path)
}

#[test]
fn large_files_are_mapped_and_small_ones_read() {
    for (len, mapped) in [(0, false), (1, false), (LARGE, true), (LARGE + 1, true)] {
        let (_dir, path) = file(len);
        let bytes = Bytes::of_file(&path).expect("opened");
        assert_eq!(matches!(bytes, Bytes::Mapped(_)), mapped, "{len}");
        assert_eq!(bytes[..], std::fs::read(&path).expect("read"));
        assert_eq!(bytes.into_vec().len(), len);
    }
}

#[test]
fn what_is_missing_or_a_folder_is_an_error() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(Bytes::of_file(dir.path().join("none")).is_err());
    assert!(Bytes::of_file(dir.path()).is_err());
}

#[test]
fn what_was_mapped_is_as_long_as_it_was_when_the_file_grows() {
    let (_dir, path) = file(LARGE);
    let bytes = Bytes::of_file(&path).expect("opened");
    OpenOptions::new().append(true).open(&path).expect("opened").write_all(b"more").expect("written");
    assert_eq!(bytes.len(), LARGE);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::process::Command;
    use tracehound_mapped::{SHRUNK_STATUS, explain_shrinking};

    #[test]
    fn pipes_and_files_of_the_system_are_read() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"through a pipe").expect("written");
        drop(writer);
        let bytes = Bytes::of_file(format!("/dev/fd/{}", reader.as_raw_fd())).expect("opened");
        assert!(matches!(bytes, Bytes::Owned(_)));
        assert_eq!(bytes[..], *b"through a pipe");
        if let Ok(status) = Bytes::of_file("/proc/self/status") {
            assert!(matches!(status, Bytes::Owned(_)) && !status.is_empty());
        }
    }

    /// Names its file to the process that loses it, which is this test once more and does not live on.
    const LOSE: &str = "TRACEHOUND_TEST_LOSES";

    fn lose(path: &std::ffi::OsStr) {
        explain_shrinking().expect("a handler");
        let bytes = Bytes::of_file(path).expect("opened");
        OpenOptions::new().write(true).open(path).and_then(|f: File| f.set_len(1)).expect("shortened");
        let sum: u64 = bytes.iter().map(|&b| u64::from(b)).sum();
        println!("alive, {sum}");
    }

    #[test]
    fn a_file_that_becomes_shorter_ends_the_process_with_words() {
        if let Some(path) = std::env::var_os(LOSE) {
            return lose(&path);
        }
        let (_dir, path) = file(LARGE);
        let out = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "unix::a_file_that_becomes_shorter_ends_the_process_with_words", "--nocapture"])
            .env(LOSE, &path)
            .output()
            .expect("started");
        assert_eq!(out.status.code(), Some(SHRUNK_STATUS), "{out:?}");
        let words = String::from_utf8_lossy(&out.stderr);
        assert!(words.contains("became shorter while it was read"), "{words}");
        assert!(!String::from_utf8_lossy(&out.stdout).contains("alive"));
    }
}
