//! String and stack tables, CPU samples and sync data of one generation, as the judge
//! reads them. Base: internal/trace generation.go, Go 1.27.3.

use super::container::RawItem;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use tracehound_wire::limits::{MAX_FRAMES, MAX_STRING_LEN};
use tracehound_wire::varint::VarintError;
use tracehound_wire::{EventType, RejectRule, Version, varint};

/// What a generation's tables define.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Strings by id.
    pub strings: FxHashMap<u64, Vec<u8>>,
    /// Stacks by id: their program counters.
    pub stacks: BTreeMap<u64, Vec<u64>>,
    /// Function and file string of each program counter: its first definition.
    frames: FxHashMap<u64, (u64, u64)>,
    frequency: bool,
    clock: bool,
}

/// How the reading of a batch's payload ended.
pub(super) enum PayloadEnd {
    /// Read, and put into the tables.
    Read,
    /// Not a table: a thread's events.
    NotATable,
    /// Cut right before a number, which readers take for the end of the whole file.
    Silent,
    /// Refused.
    Refused(RejectRule),
}

impl From<RejectRule> for PayloadEnd {
    fn from(rule: RejectRule) -> PayloadEnd {
        PayloadEnd::Refused(rule)
    }
}

/// Sorts a batch by its kind and reads it if it is a table.
pub(super) fn read_payload(version: Version, item: &RawItem<'_>, tables: &mut Tables) -> PayloadEnd {
    let kind = if item.experiment == 0 { item.data.first().and_then(|&b| EventType::from_byte(b)) } else { None };
    let mut records = Records { data: item.data.get(1..).unwrap_or_default() };
    let sync_kind = if version.has_sync_batch() { EventType::Sync } else { EventType::Frequency };
    let read = match kind {
        Some(EventType::Strings) => tables.read_strings(&mut records),
        Some(EventType::Stacks) => tables.read_stacks(&mut records),
        Some(EventType::CPUSamples) => read_samples(&mut records),
        Some(k) if k == sync_kind => {
            if !version.has_sync_batch() {
                // Without a kind byte of its own the first record stands at the front.
                records.data = item.data;
            }
            tables.read_sync(version, &mut records)
        }
        Some(EventType::EndOfGeneration) => Err(RejectRule::EogInOldBatch.into()),
        _ if item.experiment != 0 => Ok(()),
        _ => return PayloadEnd::NotATable,
    };
    match read {
        Ok(()) => PayloadEnd::Read,
        Err(end) => end,
    }
}

/// The records of a table batch.
struct Records<'a> {
    data: &'a [u8],
}

impl<'a> Records<'a> {
    fn type_byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.data.split_first()?;
        self.data = rest;
        Some(byte)
    }

    /// A number of a record; nothing left at all is the silent end.
    fn number(&mut self) -> Result<u64, PayloadEnd> {
        match varint::read(self.data) {
            Ok((value, len)) => {
                self.data = &self.data[len..];
                Ok(value)
            }
            Err(VarintError::BareEof) => Err(PayloadEnd::Silent),
            Err(_) => Err(RejectRule::StructVarint.into()),
        }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.data.split_at_checked(len)?;
        self.data = rest;
        Some(taken)
    }
}

fn read_samples(records: &mut Records<'_>) -> Result<(), PayloadEnd> {
    while let Some(byte) = records.type_byte() {
        if byte != EventType::CPUSample.byte() {
            return Err(RejectRule::CpuSamplesBadEntry.into());
        }
        for _ in 0..5 {
            records.number()?;
        }
    }
    Ok(())
}

impl Tables {
    fn read_strings(&mut self, records: &mut Records<'_>) -> Result<(), PayloadEnd> {
        while let Some(byte) = records.type_byte() {
            if byte != EventType::String.byte() {
                return Err(RejectRule::StringsBadEntry.into());
            }
            let id = records.number()?;
            let len = records.number()?;
            if len > MAX_STRING_LEN {
                return Err(RejectRule::StringTooLong.into());
            }
            let bytes = records.take(len as usize).ok_or(PayloadEnd::Refused(RejectRule::StringTruncated))?;
            if id == 0 || self.strings.insert(id, bytes.to_vec()).is_some() {
                return Err(RejectRule::StringDuplicateId.into());
            }
        }
        Ok(())
    }

    fn read_stacks(&mut self, records: &mut Records<'_>) -> Result<(), PayloadEnd> {
        while let Some(byte) = records.type_byte() {
            if byte != EventType::Stack.byte() {
                return Err(RejectRule::StacksBadEntry.into());
            }
            let id = records.number()?;
            let frames = records.number()?;
            if frames > MAX_FRAMES {
                return Err(RejectRule::StackTooDeep.into());
            }
            let mut pcs = Vec::new();
            for _ in 0..frames {
                let mut fields = [0; 4];
                for field in &mut fields {
                    *field = records.number().map_err(|_| PayloadEnd::Refused(RejectRule::StackFrameVarint))?;
                }
                let [pc, func, file, _line] = fields;
                self.frames.entry(pc).or_insert((func, file));
                pcs.push(pc);
            }
            if id == 0 || self.stacks.insert(id, pcs).is_some() {
                return Err(RejectRule::StackDuplicateId.into());
            }
        }
        Ok(())
    }

    fn read_sync(&mut self, version: Version, records: &mut Records<'_>) -> Result<(), PayloadEnd> {
        while let Some(byte) = records.type_byte() {
            match EventType::from_byte(byte) {
                Some(EventType::Frequency) => {
                    if std::mem::replace(&mut self.frequency, true) {
                        return Err(RejectRule::FreqDuplicate.into());
                    }
                    records.number()?;
                }
                Some(EventType::ClockSnapshot) if version.has_sync_batch() => {
                    if std::mem::replace(&mut self.clock, true) {
                        return Err(RejectRule::ClockDuplicate.into());
                    }
                    for _ in 0..4 {
                        records.number()?;
                    }
                }
                _ => return Err(RejectRule::SyncBadEntry.into()),
            }
        }
        Ok(())
    }

    /// Whether `id` names a string; 0 always does.
    pub(super) fn has_string(&self, id: u64) -> bool {
        id == 0 || self.strings.contains_key(&id)
    }

    /// Whether `id` names a stack; 0 always does.
    pub(super) fn has_stack(&self, id: u64) -> bool {
        id == 0 || self.stacks.contains_key(&id)
    }

    /// The rules that refuse the tables as a whole: none, or one, or those between which
    /// Go's reader chooses by chance.
    pub(super) fn missing(&self, version: Version) -> Vec<RejectRule> {
        if !self.frequency {
            return vec![RejectRule::FreqMissing];
        }
        if version.has_sync_batch() && !self.clock {
            return vec![RejectRule::ClockMissing];
        }
        let offences = self.stacks.values().filter_map(|pcs| self.first_missing_string(pcs));
        if self.stacks_are_read_in_order() {
            return offences.take(1).collect();
        }
        let distinct: FxHashSet<RejectRule> = offences.collect();
        distinct.into_iter().collect()
    }

    fn first_missing_string(&self, pcs: &[u64]) -> Option<RejectRule> {
        pcs.iter().find_map(|pc| {
            let (func, file) = self.frames[pc];
            if !self.has_string(func) {
                Some(RejectRule::StackFuncStringMissing)
            } else {
                (!self.has_string(file)).then_some(RejectRule::StackFileStringMissing)
            }
        })
    }

    /// Go's table becomes an array, and is then walked by ascending id, if its ids are dense.
    fn stacks_are_read_in_order(&self) -> bool {
        let (Some((&min, _)), Some((&max, _))) = (self.stacks.first_key_value(), self.stacks.last_key_value()) else {
            return true;
        };
        let count = self.stacks.len() as u64;
        max < i64::MAX as u64 && max - min <= 2 * count && min <= count
    }
}
