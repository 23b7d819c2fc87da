//! Finds the value that causes an error whose position serde has lost.
//!
//! Serde buffers the contents of enums and flattened structs and reads them later, without their
//! positions. So the leaves inside are replaced by placeholders until the error disappears. Bisection
//! then finds the fewest leaves whose replacement suffices.

use crate::input::check::diagnostic::Leaf;
use crate::input::check::{MAX_LEAVES, Mode, check};
use crate::input::json_text::path::Step;
use crate::input::json_text::tape::{NodeId, ValueKind};
use crate::input::repair::edits::{EditTarget, Resolved};
use crate::input::repair::placeholder::PlaceholderFactory;
use crate::input::repair::state::{DeserializeError, InputSource, RepairState};
use crate::input::schema::input_schema::InputSchema;

/// The cause of an error inside a value.
pub(super) enum Cause {
    /// The value itself, as far as is known.
    Value,
    Leaf(Leaf),
    /// A placeholder, which has been changed.
    Placeholder,
}

impl<T, F: Fn(&str) -> Result<T, DeserializeError>> RepairState<'_, '_, F> {
    pub(super) fn find_cause(&mut self, id: NodeId, error: &DeserializeError) -> Cause {
        let mut leaves = self.leaves(id);
        let Some(factory) = self.find_placeholders(&leaves, id) else {
            return Cause::Value;
        };
        self.edits = self.edits_with(&factory);
        self.factory = factory;
        let found = match self.fewest_leaves(&leaves, id) {
            Some(0) => return Cause::Placeholder,
            Some(count) => count - 1,
            None => return Cause::Value,
        };
        // If serde reports the position of this leaf, the error that has no position is another one.
        let mut edits = self.edits.clone();
        edits.set(
            EditTarget::Value(leaves[found].id),
            Some("[[[]]]".to_owned()),
        );
        match self.read(&edits) {
            Some(Err(other)) if other.path.len() <= error.path.len() => {
                Cause::Leaf(leaves.swap_remove(found))
            }
            _ => Cause::Value,
        }
    }

    fn leaves(&self, id: NodeId) -> Vec<Leaf> {
        if !matches!(self.tape.kind(id), ValueKind::Array | ValueKind::Object) {
            return Vec::new();
        }
        let mut leaves = match self.source {
            InputSource::Body => check(self.tape, self.schema, Mode::Leaves(id)).leaves,
            InputSource::Query => self.parameters(),
        };
        if leaves.len() > MAX_LEAVES {
            return Vec::new();
        }
        leaves.retain(|leaf| leaf.id != id && !self.is_edited(&leaf.path));
        leaves
    }

    fn parameters(&self) -> Vec<Leaf> {
        let members = self.tape.members(NodeId::ROOT);
        let parameter = |(name, id)| {
            let name = self.tape.string(name).into_owned();
            let schemas = self.schema.members(&[InputSchema::ROOT], &name);
            let path = vec![Step::Member(name)];
            Leaf { id, path, schemas }
        };
        let parameters = members.map(parameter);
        parameters.filter(|leaf| !leaf.schemas.is_empty()).collect()
    }

    /// Whether the error inside `id` disappears if placeholders replace `leaves`. `None` if the budget is
    /// spent.
    fn is_repaired(
        &self,
        id: NodeId,
        leaves: &[Leaf],
        factory: &PlaceholderFactory,
    ) -> Option<bool> {
        let mut edits = self.edits_with(factory);
        for leaf in leaves {
            let placeholder = factory.placeholder(self.schema, &leaf.schemas);
            edits.set(EditTarget::Value(leaf.id), Some(placeholder.json));
        }
        Some(match self.read(&edits)? {
            Ok(_) => true,
            Err(error) => match edits.resolve(self.tape, &error.path) {
                Resolved::At(other, _) => !self.tape.contains(id, other),
                Resolved::Edited(_) => false,
            },
        })
    }

    /// Replaces all leaves, by one candidate after the other, until the error disappears.
    fn find_placeholders(&self, leaves: &[Leaf], id: NodeId) -> Option<PlaceholderFactory> {
        let mut factory = self.factory.clone();
        loop {
            let replaced = leaves.iter().map(|leaf| &leaf.schemas);
            let ids = self.candidate_schemas(&factory, replaced.chain(self.placeholders.values()));
            if self.is_repaired(id, leaves, &factory)? {
                factory.accept(&ids);
                return Some(factory);
            }
            if !factory.advance(self.schema, &ids) {
                return None;
            }
        }
    }

    /// The smallest number of first leaves whose replacement suffices; 0 if a placeholder caused the error.
    fn fewest_leaves(&self, leaves: &[Leaf], id: NodeId) -> Option<usize> {
        let is_repaired = |count: usize| self.is_repaired(id, &leaves[..count], &self.factory);
        if is_repaired(0)? {
            return Some(0);
        }
        let (mut too_few, mut enough) = (0, leaves.len());
        while enough - too_few > 1 {
            let middle = too_few.midpoint(enough);
            if is_repaired(middle)? {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        Some(enough)
    }
}
