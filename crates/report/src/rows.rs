//! Rows of the event table: an event's fields by name, with what they refer to.

use crate::layout::{Layout, RawEvent, Tables};
use crate::model::{Arg, Delivered, Fate, Row};
use crate::text::{hex, visible};
use std::collections::HashMap;
use tracehound_wire::event::{go_status, proc_status};
use tracehound_wire::{ArgKind, EventType, Frame};

/// Most frames of a stack that the page shows.
const SHOWN_FRAMES: usize = 48;

/// Builds rows and collects the stacks that they name.
pub(crate) struct RowBuilder<'a> {
    layout: &'a Layout<'a>,
    tables: HashMap<u32, Tables>,
    stacks: Vec<Vec<String>>,
    stack_index: HashMap<(u32, u64), usize>,
}

impl<'a> RowBuilder<'a> {
    pub fn new(layout: &'a Layout<'a>) -> RowBuilder<'a> {
        RowBuilder { layout, tables: HashMap::new(), stacks: Vec::new(), stack_index: HashMap::new() }
    }

    /// The stacks that rows refer to.
    pub fn into_stacks(self) -> Vec<Vec<String>> {
        self.stacks
    }

    /// The row of a delivered event.
    pub fn delivered(&mut self, index: u64, e: &Delivered) -> Row {
        let raw = e.ty.and(e.offset).filter(|_| !e.synthetic).and_then(|o| self.layout.event_at(o));
        let batch = e.offset.and_then(|o| self.layout.batch_of(o));
        let mut row = match &raw {
            Some(raw) => self.raw(raw, Fate::Delivered),
            None => self.made(e),
        };
        row.index = Some(index);
        row.stream = match e.ty {
            None => None,
            Some(EventType::CPUSample) => id(e.m),
            Some(_) => id(batch.map_or(e.m, |i| self.layout.batches()[i].m)),
        };
        row.context = [id(e.m), id(e.p), id(e.g)];
        row.time = Some(e.time.to_string());
        row.generation = e.generation.map(|g| g.to_string());
        row
    }

    /// The row of an event on the wire, its context left open.
    pub fn raw(&mut self, raw: &RawEvent, fate: Fate) -> Row {
        let segment = self.layout.batch_of(raw.offset as u64).map_or(0, |i| self.layout.batches()[i].segment);
        let mut row = empty_row(fate);
        row.name = match raw.ty {
            Some(ty) => ty.name().to_string(),
            None => format!("byte {:#04x}", raw.byte),
        };
        row.family = raw.ty.map_or("other", family);
        row.args = raw.fields.iter().map(|f| self.arg(segment, raw.ty, f.name, f.value)).collect();
        let own_stack = raw.ty.and_then(|ty| ty.spec().stacks.first().map(|&i| ty.spec().args[i].0));
        row.stack = own_stack.and_then(|name| raw.arg(name)).and_then(|id| self.stack(segment, id));
        row.offset = Some(raw.offset as u64);
        row.bytes = hex(self.layout.bytes_of(raw));
        row.lens = std::iter::once(1).chain(raw.fields.iter().map(|f| f.len)).collect();
        row.note = raw.broken.map(str::to_string);
        row
    }

    /// The row of an event that has no bytes of its own.
    fn made(&mut self, e: &Delivered) -> Row {
        let mut row = empty_row(Fate::Delivered);
        let Some(ty) = e.ty else {
            row.name = "Sync".into();
            row.family = "sync";
            row.offset = e.offset;
            row.note = e.generation.is_none().then(|| "the reader's own mark: no generation follows".into());
            return row;
        };
        let segment = e.offset.and_then(|o| self.layout.batch_of(o)).map_or(0, |i| self.layout.batches()[i].segment);
        row.name = ty.name().to_string();
        row.family = family(ty);
        row.args = ty.spec().args.iter().zip(e.args).map(|(&(n, _), v)| self.arg(segment, Some(ty), n, v)).collect();
        row.offset = e.offset;
        row.note = e.synthetic.then(|| "made by the reader to complete the event at this offset".into());
        row
    }

    fn arg(&mut self, segment: u32, ty: Option<EventType>, name: &'static str, value: u64) -> Arg {
        let kind = ty.and_then(|ty| ty.arg_index(name).map(|i| ty.spec().args[i].1));
        let mut arg = Arg { name, value: value.to_string(), text: None };
        match kind {
            Some(ArgKind::M | ArgKind::P | ArgKind::G | ArgKind::NewG) => {
                arg.value = (value as i64).to_string();
                arg.text = (value as i64 == -1).then(|| "none".into());
            }
            Some(ArgKind::PStatus) => arg.text = Some(proc_status_name(value).into()),
            Some(ArgKind::GStatus) => arg.text = Some(go_status_name(value).into()),
            Some(ArgKind::String) => {
                arg.text = Some(match self.tables(segment).string(value) {
                    Some(s) => format!("\"{}\"", visible(s)),
                    None => "not in the string table".into(),
                });
            }
            Some(ArgKind::Stack) if value != 0 => {
                arg.text = Some(match self.stack(segment, value) {
                    Some(i) => self.stacks[i].first().cloned().unwrap_or_else(|| "no frames".into()),
                    None => "not in the stack table".into(),
                });
            }
            _ => {}
        }
        arg
    }

    fn tables(&mut self, segment: u32) -> &Tables {
        self.tables.entry(segment).or_insert_with(|| self.layout.tables(segment))
    }

    fn stack(&mut self, segment: u32, id: u64) -> Option<usize> {
        if id == 0 {
            return None;
        }
        if let Some(&i) = self.stack_index.get(&(segment, id)) {
            return Some(i);
        }
        let tables = self.tables(segment);
        let frames: Vec<Frame> = tables.stack(id)?.collect();
        let mut lines: Vec<String> = frames.iter().take(SHOWN_FRAMES).map(|f| frame_line(tables, f)).collect();
        if frames.len() > SHOWN_FRAMES {
            lines.push(format!("… {} more frames", frames.len() - SHOWN_FRAMES));
        }
        self.stacks.push(lines);
        self.stack_index.insert((segment, id), self.stacks.len() - 1);
        Some(self.stacks.len() - 1)
    }
}

fn frame_line(tables: &Tables, f: &Frame) -> String {
    let text = |id| tables.string(id).map_or_else(|| format!("string {id}?"), visible);
    match (text(f.func), text(f.file)) {
        (func, file) if func.is_empty() && file.is_empty() => format!("pc {:#x}", f.pc),
        (func, file) => format!("{func}  {file}:{}", f.line),
    }
}

/// An id as text; `None` for -1.
pub(crate) fn id(id: i64) -> Option<String> {
    (id != -1).then(|| id.to_string())
}

fn empty_row(fate: Fate) -> Row {
    Row {
        index: None,
        fate,
        stream: None,
        context: [None, None, None],
        name: String::new(),
        family: "other",
        args: Vec::new(),
        stack: None,
        time: None,
        generation: None,
        offset: None,
        bytes: String::new(),
        lens: Vec::new(),
        note: None,
        edit: None,
    }
}

fn family(ty: EventType) -> &'static str {
    let name = ty.name();
    if ty.spec().experiment.is_some() || ty == EventType::CPUSample {
        "other"
    } else if name.contains("Syscall") {
        "syscall"
    } else if name.contains("Status") {
        "status"
    } else if name.starts_with("User") || ty == EventType::GoLabel {
        "user"
    } else if name.starts_with("GC") || name.starts_with("STW") {
        "range"
    } else if name.starts_with("Heap") || ty == EventType::ProcsChange {
        "metric"
    } else if name.starts_with("Proc") {
        "proc"
    } else {
        "go"
    }
}

fn proc_status_name(code: u64) -> &'static str {
    match code & 0xff {
        proc_status::BAD => "Bad",
        proc_status::RUNNING => "Running",
        proc_status::IDLE => "Idle",
        proc_status::SYSCALL => "Syscall",
        proc_status::SYSCALL_ABANDONED => "SyscallAbandoned",
        _ => "unknown status",
    }
}

fn go_status_name(code: u64) -> &'static str {
    match code & 0xff {
        go_status::BAD => "Bad",
        go_status::RUNNABLE => "Runnable",
        go_status::RUNNING => "Running",
        go_status::SYSCALL => "Syscall",
        go_status::WAITING => "Waiting",
        _ => "unknown status",
    }
}
