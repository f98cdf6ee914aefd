//! Rules of user tasks and regions.

use super::{Advance, OpenTask, Order, Refusal, World, reject};
use crate::event::Emitted;
use crate::fault::fault;
use tracehound_wire::RejectRule;

impl Order {
    /// The name that string `id` stands for, which must exist.
    #[inline]
    fn name(&mut self, e: &Emitted, world: &World<'_>, id: u64) -> Result<u32, Refusal> {
        let id = if fault!(self.faults, NameUnchecked) && !world.scene.tables.strings.contains(id) { 0 } else { id };
        match self.names.of_string(&world.scene.tables, world.data, id) {
            Some(name) => Ok(name),
            None => nameless(e, id),
        }
    }

    pub(super) fn task_begin(&mut self, e: &Emitted, world: &World<'_>) -> Advance {
        let [id, parent, name_id, _] = e.args;
        if self.tasks.contains_key(&id) && !fault!(self.faults, TaskTwice) {
            return reject(RejectRule::TaskIdConflict, format!("task {id} begins, but a task of this id is open"));
        }
        let name = self.name(e, world, name_id)?;
        self.names.hold(name);
        let parent = if parent == 0 { u64::MAX } else { parent };
        if let Some(old) = self.tasks.insert(id, OpenTask { parent, name, name_id }) {
            self.names.release(old.name);
        }
        self.full(e)
    }

    pub(super) fn task_end(&mut self, e: &mut Emitted, world: &mut World<'_>) -> Advance {
        let World { scene, data } = world;
        scene.ended_task.clear();
        self.notable = true;
        e.aux = u64::MAX;
        if let Some(task) = self.tasks.remove(&e.args[0]) {
            e.aux = task.parent;
            if fault!(self.faults, TaskNameById) {
                scene.ended_task.extend_from_slice(scene.tables.strings.get(data, task.name_id).unwrap_or(b""));
            } else {
                scene.ended_task.extend_from_slice(self.names.bytes(task.name));
            }
            self.names.release(task.name);
        }
        self.full(e)
    }

    /// The place of the event's own goroutine, for a region, which must exist.
    #[inline(always)]
    fn for_region(&self, e: &Emitted, own: Option<u32>) -> Result<u32, Refusal> {
        match own {
            Some(at) => Ok(at),
            None => reject(
                RejectRule::RegionUnknownGoroutine,
                format!("{} belongs to goroutine {}, which does not exist", e.ty, e.g),
            ),
        }
    }

    pub(super) fn region_begin(&mut self, e: &Emitted, own: Option<u32>, world: &World<'_>) -> Advance {
        self.full(e)?;
        let name = self.name(e, world, e.args[1])?;
        let at = self.for_region(e, own)?;
        self.gors.get_mut(at).extras().regions.push((e.args[0], name));
        self.names.hold(name);
        Ok(())
    }

    pub(super) fn region_end(&mut self, e: &Emitted, own: Option<u32>, world: &World<'_>) -> Advance {
        self.full(e)?;
        let name = self.name(e, world, e.args[1])?;
        let at = self.for_region(e, own)?;
        let faults = self.faults;
        let Some((task, open)) = self.gors.get_mut(at).extras.as_mut().and_then(|x| x.regions.last().copied()) else {
            if fault!(faults, RegionEndNeedsBegin) {
                return reject(RejectRule::RegionMismatch, "a region ends, but none is open".to_owned());
            }
            return Ok(());
        };
        if task != e.args[0] && !fault!(faults, RegionTaskUnchecked)
            || open != name && !fault!(faults, RegionNameUnchecked)
        {
            return reject(
                RejectRule::RegionMismatch,
                format!(
                    "goroutine {} ends region \"{}\" of task {}, but its innermost open one is \"{}\" of task {task}",
                    e.g,
                    self.names.bytes(name).escape_ascii(),
                    e.args[0],
                    self.names.bytes(open).escape_ascii(),
                ),
            );
        }
        if !fault!(faults, RegionNeverEnds) {
            self.gors.get_mut(at).extras().regions.pop();
            self.names.release(open);
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn nameless(e: &Emitted, id: u64) -> Result<u32, Refusal> {
    let message = format!("{} names string {id}, which is not in the generation's string table", e.ty);
    reject(RejectRule::AnnotationStringId, message)
}
