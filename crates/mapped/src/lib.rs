//! The bytes of a file, mapped into memory where that can be done, read where it cannot.
//!
//! A trace of gigabytes need not be copied to be read: mapped, its pages are the file's own, come when they are looked
//! at, and can be dropped when memory is short. This crate knows nothing of traces. It exists for itself so that the
//! program, which must not, need not contain unsafe code: a mapping cannot be made without.
//!
//! What happens if somebody else changes the file meanwhile: bytes that are written over are seen, or not, as they are
//! looked at. All who look are safe code that checks every place and length when it is used, so the worst is a wrong answer about
//! a file that was not one file. If the file is made shorter, there is nothing behind the places that are gone, and
//! the system sends SIGBUS to whoever looks; with [`explain_shrinking`] the program then says so and ends.

use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

/// Below so many bytes a file is read: that costs no more, and nobody can change the copy.
const WORTH_MAPPING: u64 = 1 << 20;

/// The exit status of a program that lost a file under its eyes; see [`explain_shrinking`].
pub const SHRUNK_STATUS: i32 = 3;

/// The bytes of a file.
#[derive(Debug)]
pub enum Bytes {
    /// The file's own pages.
    Mapped(Mmap),
    /// A copy.
    Owned(Vec<u8>),
}

impl Bytes {
    /// The bytes of this file. Pipes, devices, files of the system that claim to have no size, small files and files whose
    /// system cannot map them are read to their end; all others are mapped, as long as they are now.
    ///
    /// # Errors
    /// If the file cannot be opened or read.
    pub fn of_file(path: impl AsRef<Path>) -> io::Result<Bytes> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_file()
            && about.len() >= WORTH_MAPPING
            && let Ok(map) = map(&file)
        {
            return Ok(Bytes::Mapped(map));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Bytes::Owned(bytes))
    }

    /// The bytes as a vector: a copy only if they are mapped.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Bytes::Mapped(map) => map.to_vec(),
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes::Owned(bytes)
    }
}

#[allow(unsafe_code)]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are only handed out as shared ones, and nothing in this project believes that two looks at
    // the same place see the same: readers are safe code that checks each position when it uses it. See above for
    // what happens if the file changes.
    unsafe { Mmap::map(file) }
}

/// From now on this process says what has happened when a mapped file has become shorter than it was, and ends with [`SHRUNK_STATUS`],
/// where it would only be killed otherwise.
///
/// # Errors
/// If the system lets nobody handle the signal.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn explain_shrinking() -> io::Result<()> {
    use signal_hook::consts::SIGBUS;
    const WORDS: &[u8] = b"tracehound: a file became shorter while it was read, or its disk failed\n";
    let say = || {
        // Nobody is left to tell if this fails.
        let _ = rustix::io::write(io::stderr(), WORDS);
        signal_hook::low_level::exit(SHRUNK_STATUS);
    };
    // SAFETY: a handler may only do what is safe in the middle of anything else: it writes constant bytes with one system call
    // and ends the process without running any of its code, and neither allocates, nor takes a lock, nor panics.
    unsafe { signal_hook::low_level::register(SIGBUS, say) }?;
    Ok(())
}

/// Where files that are mapped cannot be made shorter there is nothing to explain.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn explain_shrinking() -> io::Result<()> {
    Ok(())
}
