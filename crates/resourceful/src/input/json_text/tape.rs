//! The structure of a JSON text: where each value begins and ends.
//!
//! A body that failed is looked at once more beside its schema. A tree of owned values would take up to
//! a hundred times the memory of the body; a node here is 12 bytes, and strings stay in the body.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::input::json_text::path::Step;

/// A value, or the name of a member, by its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The whole.
    pub(crate) const ROOT: Self = Self(0);

    /// What is written next.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The name of a member, of its value.
    pub(crate) fn name(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

#[derive(Debug)]
struct Node {
    start: u32,
    end: u32,
    /// The node after this one and all that is inside it.
    next: u32,
}

/// What a value begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// All values of a JSON text, in its order; names of members stand before their values.
#[derive(Debug)]
pub(crate) struct Tape<'j> {
    json: &'j str,
    nodes: Vec<Node>,
    depth: usize,
}

impl<'j> Tape<'j> {
    /// # Errors
    /// What `serde_json` says of a text that is no JSON.
    pub(crate) fn new(json: &'j [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Skimmed>(json)?;
        Ok(Self::of_valid(json))
    }

    /// Of what is known to be JSON.
    pub(crate) fn of_valid(json: &'j [u8]) -> Self {
        let json = std::str::from_utf8(json).unwrap_or("null");
        let (nodes, depth) = nodes_of(json.as_bytes());
        Self { json, nodes, depth }
    }

    /// How deep it is nested.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The whole text.
    pub(crate) fn json(&self) -> &'j str {
        self.json
    }

    /// Where the value is in the text.
    pub(crate) fn range(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.start as usize..node.end as usize
    }

    /// The value as it is written.
    pub(crate) fn text(&self, id: NodeId) -> &'j str {
        &self.json[self.range(id)]
    }

    pub(crate) fn kind(&self, id: NodeId) -> Kind {
        match self.json.as_bytes()[self.node(id).start as usize] {
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Boolean,
            b'"' => Kind::String,
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            _ => Kind::Number,
        }
    }

    /// The node after `id` and all that is inside it.
    pub(crate) fn after(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).next)
    }

    /// A string, or the name of a member, without its quotes and escapes.
    pub(crate) fn string(&self, id: NodeId) -> Cow<'j, str> {
        let text = self.text(id);
        let inside = text.get(1..text.len() - 1).unwrap_or_default();
        if inside.contains('\\') {
            serde_json::from_str(text).map_or(Cow::Borrowed(inside), Cow::Owned)
        } else {
            Cow::Borrowed(inside)
        }
    }

    /// The elements of an array; none of other values.
    pub(crate) fn elements(&self, array: NodeId) -> impl Iterator<Item = NodeId> {
        let is_array = self.kind(array) == Kind::Array;
        let end = self.after(array);
        let first = Some(NodeId(array.0 + 1)).filter(|first| is_array && *first < end);
        std::iter::successors(first, move |element| {
            Some(self.after(*element)).filter(|next| *next < end)
        })
    }

    /// Name and value of each member of an object; none of other values.
    pub(crate) fn members(&self, object: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let is_object = self.kind(object) == Kind::Object;
        let end = self.after(object);
        let first = Some(NodeId(object.0 + 1)).filter(|first| is_object && *first < end);
        let names = std::iter::successors(first, move |name| {
            let value = NodeId(name.0 + 1);
            Some(self.after(value)).filter(|next| *next < end)
        });
        names.map(|name| (name, NodeId(name.0 + 1)))
    }

    /// The value one step into `parent`; of members that are there twice, the last, as serde reads them.
    pub(crate) fn child(&self, parent: NodeId, step: &Step) -> Option<NodeId> {
        match step {
            Step::Member(name) => self
                .members(parent)
                .filter(|(known, _)| self.string(*known) == *name)
                .map(|(_, value)| value)
                .last(),
            Step::Element(index) => self.elements(parent).nth(*index),
        }
    }

    /// Is `inner` the same value as `outer`, or inside it?
    pub(crate) fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner < self.after(outer)
    }
}

/// Any value, read and not kept: `IgnoredAny` does not look into strings.
struct Skimmed;

impl<'de> Deserialize<'de> for Skimmed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Skimmed {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// The nodes of JSON that is known to be valid, and how deep it is nested.
fn nodes_of(json: &[u8]) -> (Vec<Node>, usize) {
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut nodes: Vec<Node> = Vec::new();
    let (mut open, mut depth) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        let start = at;
        match byte {
            b'{' | b'[' => {
                open.push(nodes.len());
                depth = depth.max(open.len());
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                let next = count(nodes.len());
                if let Some(node) = open.pop().and_then(|id| nodes.get_mut(id)) {
                    node.end = count(at);
                    node.next = next;
                }
                continue;
            }
            b'"' => at = end_of_string(json, at + 1),
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => {
                at += 1;
                continue;
            }
            _ => {
                let ends = |byte: &u8| {
                    matches!(
                        byte,
                        b',' | b':' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'
                    )
                };
                let length = json[at..].iter().position(ends);
                at = length.map_or(json.len(), |length| at + length);
            }
        }
        nodes.push(Node {
            start: count(start),
            end: count(at),
            next: count(nodes.len() + 1),
        });
    }
    (nodes, depth)
}

/// Behind the closing quote of a string whose first character is at `at`.
fn end_of_string(json: &[u8], mut at: usize) -> usize {
    loop {
        let rest = json.get(at..).unwrap_or_default();
        let Some(plain) = memchr::memchr2(b'"', b'\\', rest) else {
            return json.len();
        };
        if rest[plain] == b'"' {
            return at + plain + 1;
        }
        at += plain + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_they_are_written() {
        let json = br#" {"a\u0062": [1, {"c": "x\"]"}, []], "d": true, "e": null} "#;
        let tape = Tape::new(json).unwrap();
        let member = |name: &str| Step::Member(name.to_owned());
        let ab = tape.child(NodeId::ROOT, &member("ab")).unwrap();
        let elements: Vec<_> = tape.elements(ab).map(|id| tape.text(id)).collect();
        assert_eq!(elements, ["1", r#"{"c": "x\"]"}"#, "[]"]);
        let inner = tape.child(ab, &Step::Element(1)).unwrap();
        let c = tape.child(inner, &member("c")).unwrap();
        assert_eq!(tape.string(c), "x\"]");
        assert!(tape.contains(ab, c) && !tape.contains(c, ab));
        let names: Vec<_> = tape
            .members(NodeId::ROOT)
            .map(|(name, _)| tape.string(name).into_owned())
            .collect();
        assert_eq!(names, ["ab", "d", "e"]);
        assert_eq!(tape.child(NodeId::ROOT, &member("x")), None);
        assert_eq!(tape.members(ab).count(), 0);
        assert_eq!(
            tape.text(NodeId::ROOT),
            std::str::from_utf8(json).unwrap().trim()
        );
    }

    #[test]
    fn a_scalar_is_a_text_of_its_own() {
        let tape = Tape::new(b" -1.5e3 ").unwrap();
        assert_eq!(tape.text(NodeId::ROOT), "-1.5e3");
        assert_eq!(tape.kind(NodeId::ROOT), Kind::Number);
        assert!(Tape::new(b"{").is_err());
    }
}
