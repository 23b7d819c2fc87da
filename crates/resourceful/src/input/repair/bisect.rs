//! The place of a failure, where serde does not know it.
//!
//! Serde keeps what is inside of enums and flattened structs, and reads it later: then it does not know
//! any more where something was. So the leaves are replaced by placeholders, until the failure goes away;
//! then as few of them as possible, found by halving.

use super::{Failure, Reader, Source};
use crate::input::bounds::Readable;
use crate::input::check::diagnostic::{Fix, MethodTable};
use crate::input::check::{MAX_LEAVES, Purpose, check};
use crate::input::json_text::path::{Path, Step};
use crate::input::json_text::tape::{Kind, NodeId};
use crate::input::repair::edits::{Place, Target};
use crate::input::repair::placeholder::Guesses;
use crate::input::repair::serde_error::{Explanation, explain};
use crate::input::schema::input_schema::InputSchema;

/// To what a failure inside of a value is due.
enum Culprit {
    /// The value itself, as far as we know.
    Whole,
    MethodTable(MethodTable),
    /// A placeholder, which is another now.
    Placeholder,
}

impl<T: Readable, F: Fn(&str) -> Result<T, Failure>> Reader<'_, '_, F> {
    /// Notes a failure inside of a value, or of the value itself.
    pub(crate) fn repair_here(
        &mut self,
        id: NodeId,
        path: Path,
        detail: String,
        failure: &Failure,
    ) -> bool {
        match self.culprit(id, failure) {
            Culprit::Placeholder => {}
            Culprit::Whole => {
                let schemas = self.schema.at(&path);
                self.note_refused(path, detail, Fix::Replace(id, schemas));
            }
            Culprit::MethodTable(leaf) => {
                let described = self.schema.described(&leaf.schemas);
                let detail = match explain(&failure.1, self.tape.kind(leaf.id), described) {
                    Explanation::Here(detail) => detail,
                    _ => detail,
                };
                let replace = Fix::Replace(leaf.id, leaf.schemas);
                self.note_refused(leaf.path, detail, replace);
            }
        }
        true
    }

    fn culprit(&mut self, id: NodeId, failure: &Failure) -> Culprit {
        let mut leaves = self.leaves(id);
        let Some(guesses) = self.cure(&leaves, id) else {
            return Culprit::Whole;
        };
        self.edits = self.edits_with(&guesses);
        self.guesses = guesses;
        let found = match self.last_of_fewest(&leaves, id) {
            Some(0) => return Culprit::Placeholder,
            Some(count) => count - 1,
            None => return Culprit::Whole,
        };
        // Where serde knows the place of the leaf, the failure is not the leaf's.
        let mut edits = self.edits.clone();
        edits.set(Target::Value(leaves[found].id), Some("[[[]]]".to_owned()));
        match self.attempt(&edits) {
            Some(Err((path, _))) if path.len() <= failure.0.len() => {
                Culprit::MethodTable(leaves.swap_remove(found))
            }
            _ => Culprit::Whole,
        }
    }

    fn leaves(&self, id: NodeId) -> Vec<MethodTable> {
        if !matches!(self.tape.kind(id), Kind::Array | Kind::Object) {
            return Vec::new();
        }
        let mut leaves = match self.source {
            Source::Body => check(self.tape, self.schema, Purpose::Leaves(id)).leaves,
            Source::Query => self.parameters(),
        };
        if leaves.len() > MAX_LEAVES {
            return Vec::new();
        }
        leaves.retain(|leaf| leaf.id != id && !self.is_changed(&leaf.path));
        leaves
    }

    fn parameters(&self) -> Vec<MethodTable> {
        let members = self.tape.members(NodeId::ROOT);
        let parameter = |(name, id)| {
            let name = self.tape.string(name).into_owned();
            let schemas = self.schema.members(&[InputSchema::ROOT], &name);
            let path = vec![Step::Member(name)];
            MethodTable { id, path, schemas }
        };
        let parameters = members.map(parameter);
        parameters.filter(|leaf| !leaf.schemas.is_empty()).collect()
    }

    /// Is the failure inside `id` gone when these leaves are others? `None` when the budget is spent.
    fn is_cured(&self, id: NodeId, leaves: &[MethodTable], guesses: &Guesses) -> Option<bool> {
        let mut edits = self.edits_with(guesses);
        for leaf in leaves {
            let placeholder = guesses.placeholder(self.schema, &leaf.schemas);
            edits.set(Target::Value(leaf.id), Some(placeholder.json));
        }
        Some(match self.attempt(&edits)? {
            Ok(_) => true,
            Err((path, _)) => match edits.follow(self.tape, &path) {
                Place::At(other, _) => !self.tape.contains(id, other),
                Place::Changed(_) => false,
            },
        })
    }

    /// All leaves are replaced, by other guesses until it helps.
    fn cure(&self, leaves: &[MethodTable], id: NodeId) -> Option<Guesses> {
        let mut guesses = self.guesses.clone();
        loop {
            let replaced = leaves.iter().map(|leaf| &leaf.schemas);
            let ids = self.guessed(&guesses, replaced.chain(self.placed.values()));
            if self.is_cured(id, leaves, &guesses)? {
                guesses.keep(&ids);
                return Some(guesses);
            }
            if !guesses.advance(self.schema, &ids) {
                return None;
            }
        }
    }

    /// As few of the first leaves as help: 0, where placeholders of ours were at fault.
    fn last_of_fewest(&self, leaves: &[MethodTable], id: NodeId) -> Option<usize> {
        let is_cured = |count: usize| self.is_cured(id, &leaves[..count], &self.guesses);
        if is_cured(0)? {
            return Some(0);
        }
        let (mut too_few, mut enough) = (0, leaves.len());
        while enough - too_few > 1 {
            let middle = too_few.midpoint(enough);
            if is_cured(middle)? {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        Some(enough)
    }
}
