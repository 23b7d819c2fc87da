//! The structure of a JSON text: where each value begins and ends.
//!
//! A tree of owned values would take up to a hundred times the memory of a body. A node of the tape
//! takes 12 bytes, and strings stay in the body.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::input::json_text::path::Step;

/// Index of a value or of a member name, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The root value.
    pub(crate) const ROOT: Self = Self(0);

    /// The value or name that follows in the text, possibly inside this one.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The member name that belongs to this value.
    pub(crate) fn name(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

#[derive(Debug)]
struct Node {
    start: u32,
    end: u32,
    /// The node after this one and everything inside it.
    next: u32,
}

/// The JSON type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ValueKind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// All values of a JSON text in text order; each member name precedes its value.
#[derive(Debug)]
pub(crate) struct Tape<'j> {
    json: &'j str,
    nodes: Vec<Node>,
    depth: usize,
}

impl<'j> Tape<'j> {
    /// Parses untrusted bytes.
    ///
    /// # Errors
    /// The `serde_json` error of a text that is not JSON.
    pub(crate) fn new(json: &'j [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<StrictIgnoredAny>(json)?;
        Ok(Self::of_valid(json))
    }

    /// Parses bytes that are known to be JSON.
    pub(crate) fn of_valid(json: &'j [u8]) -> Self {
        let json = std::str::from_utf8(json).unwrap_or("null");
        let (nodes, depth) = nodes_of(json.as_bytes());
        Self { json, nodes, depth }
    }

    /// The nesting depth.
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

    /// The byte range of the value.
    pub(crate) fn range(&self, id: NodeId) -> Range<usize> {
        let node = self.node(id);
        node.start as usize..node.end as usize
    }

    /// The value as written.
    pub(crate) fn text(&self, id: NodeId) -> &'j str {
        &self.json[self.range(id)]
    }

    pub(crate) fn kind(&self, id: NodeId) -> ValueKind {
        match self.json.as_bytes()[self.node(id).start as usize] {
            b'n' => ValueKind::Null,
            b't' | b'f' => ValueKind::Boolean,
            b'"' => ValueKind::String,
            b'[' => ValueKind::Array,
            b'{' => ValueKind::Object,
            _ => ValueKind::Number,
        }
    }

    /// The node after `id` and everything inside it.
    pub(crate) fn after(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).next)
    }

    /// A string or member name without quotes and escapes.
    pub(crate) fn string(&self, id: NodeId) -> Cow<'j, str> {
        let text = self.text(id);
        let inside = text.get(1..text.len() - 1).unwrap_or_default();
        if inside.contains('\\') {
            serde_json::from_str(text).map_or(Cow::Borrowed(inside), Cow::Owned)
        } else {
            Cow::Borrowed(inside)
        }
    }

    /// The elements of an array; empty for other values.
    pub(crate) fn elements(&self, array: NodeId) -> impl Iterator<Item = NodeId> {
        let is_array = self.kind(array) == ValueKind::Array;
        let end = self.after(array);
        let first = Some(NodeId(array.0 + 1)).filter(|first| is_array && *first < end);
        std::iter::successors(first, move |element| {
            Some(self.after(*element)).filter(|next| *next < end)
        })
    }

    /// Name and value of each member of an object; empty for other values.
    pub(crate) fn members(&self, object: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let is_object = self.kind(object) == ValueKind::Object;
        let end = self.after(object);
        let first = Some(NodeId(object.0 + 1)).filter(|first| is_object && *first < end);
        let names = std::iter::successors(first, move |name| {
            let value = NodeId(name.0 + 1);
            Some(self.after(value)).filter(|next| *next < end)
        });
        names.map(|name| (name, NodeId(name.0 + 1)))
    }

    /// The value one step into `parent`. For a duplicate member, the last one, as serde reads it.
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

    /// Whether `inner` is `outer` or inside it.
    pub(crate) fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner < self.after(outer)
    }
}

/// Any value, read and discarded. Unlike `IgnoredAny`, it validates strings.
struct StrictIgnoredAny;

impl<'de> Deserialize<'de> for StrictIgnoredAny {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for StrictIgnoredAny {
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

/// The nodes of valid JSON and its nesting depth.
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

/// The index after the closing quote of a string whose first character is at `at`.
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
    fn values_are_found_at_their_place_in_the_text() {
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
    fn a_scalar_alone_is_a_text() {
        let tape = Tape::new(b" -1.5e3 ").unwrap();
        assert_eq!(tape.text(NodeId::ROOT), "-1.5e3");
        assert_eq!(tape.kind(NodeId::ROOT), ValueKind::Number);
        assert!(Tape::new(b"{").is_err());
    }
}
