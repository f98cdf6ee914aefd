//! Shared memory, and what libFuzzer wants to be told through C symbols.
//!
//! All unsafe code of this crate is here. A mapping can only be made so,
//! since another process may change it at any time; here the other process writes only between
//! our command and its answer, and everything that it writes is read as plain bytes and
//! checked. libFuzzer finds extra counters by the name of their section and takes comparisons
//! through its sanitizer hooks; both are C interfaces.
#![allow(unsafe_code)]

use super::layout;
use memmap2::{MmapMut, MmapOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// Words of eight counters. Go 1.27's internal/trace has about 2,800 counters.
const EXTRA_WORDS: usize = 1024;

/// libFuzzer adds the bytes of this section to its own counters, and clears them before each run.
#[used]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static EXTRA: [AtomicU64; EXTRA_WORDS] = [const { AtomicU64::new(0) }; EXTRA_WORDS];

/// Memory that a child process can map too.
pub(super) struct Shared {
    map: MmapMut,
    file: OwnedFd,
}

impl Shared {
    /// Memory of [`layout::SIZE`] bytes behind a descriptor that children inherit.
    pub fn new() -> io::Result<Shared> {
        // Without CLOEXEC: the child finds it under the same number.
        let file = rustix::fs::memfd_create("tracehound-fuzz", rustix::fs::MemfdFlags::empty())?;
        rustix::fs::ftruncate(&file, layout::SIZE as u64)?;
        // SAFETY: the file is anonymous and never shrunk; only the child of this process has it
        // too, and it writes only while we wait for its answer.
        let map = unsafe { MmapOptions::new().len(layout::SIZE).map_mut(&file)? };
        Ok(Shared { map, file })
    }

    /// The descriptor's number, for the child.
    pub fn descriptor(&self) -> i32 {
        self.file.as_raw_fd()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map
    }
}

/// Makes these the extra counters of the current run; what does not fit is left out.
pub(super) fn show_counters(counters: &[u8]) {
    for (word, bytes) in EXTRA.iter().zip(counters.chunks(8)) {
        let mut eight = [0; 8];
        eight[..bytes.len()].copy_from_slice(bytes);
        word.store(u64::from_ne_bytes(eight), Ordering::Relaxed);
    }
}

#[cfg(fuzzing)]
unsafe extern "C" {
    fn __sanitizer_cov_trace_cmp4(a: u32, b: u32);
    fn __sanitizer_cov_trace_cmp8(a: u64, b: u64);
    fn __sanitizer_weak_hook_memcmp(caller: *const u8, a: *const u8, b: *const u8, n: usize, result: i32);
}

/// Tells libFuzzer that two numbers of `size` bytes were compared and differed.
#[cfg(fuzzing)]
pub(super) fn show_compare(a: u64, b: u64, size: u64) {
    // SAFETY: plain numbers; libFuzzer remembers them in tables of its own.
    unsafe {
        match size {
            8 => __sanitizer_cov_trace_cmp8(a, b),
            4 => __sanitizer_cov_trace_cmp4(a as u32, b as u32),
            // It looks for no shorter ones.
            _ => {}
        }
    }
}

/// Tells libFuzzer that two strings were compared and differed.
#[cfg(fuzzing)]
pub(super) fn show_strings(a: &[u8], b: &[u8]) {
    let n = a.len().min(b.len());
    // SAFETY: both are readable for n bytes; libFuzzer copies them.
    unsafe { __sanitizer_weak_hook_memcmp(a.as_ptr(), a.as_ptr(), b.as_ptr(), n, 1) }
}

/// Without an engine there is nobody to tell.
#[cfg(not(fuzzing))]
pub(super) fn show_compare(_: u64, _: u64, _: u64) {}

/// Without an engine there is nobody to tell.
#[cfg(not(fuzzing))]
pub(super) fn show_strings(_: &[u8], _: &[u8]) {}
