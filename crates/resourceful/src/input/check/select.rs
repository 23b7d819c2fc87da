//! Selects the schemas that apply to a value. Of alternatives it takes the best match.
//!
//! Only the value and the names of its members count, not the contents of its members. So each value is
//! visited once, however many nested alternatives a type has.

use serde_json::Value;

use crate::input::check::instance::Instance;
use crate::input::check::variants::Variants;
use crate::input::json_text::tape::{NodeId, Tape, ValueKind};
use crate::input::schema::input_schema::{InputSchema, MAX_CHOICES};
use crate::input::schema::subschema::{Additional, Schema, SchemaId};

/// The quality of a match; a greater score is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Score {
    pub(crate) has_type: bool,
    /// Its tags and constants are those of the schema.
    pub(crate) has_tags: bool,
    /// The number of missing and unexpected members, negated.
    pub(crate) deficit: i64,
    /// The number of members that the schema has.
    matched: usize,
}

impl Score {
    const PERFECT: Self = Self {
        has_type: true,
        has_tags: true,
        deficit: 0,
        matched: 0,
    };

    fn and(self, other: Self) -> Self {
        Self {
            has_type: self.has_type && other.has_type,
            has_tags: self.has_tags && other.has_tags,
            deficit: self.deficit + other.deficit,
            matched: self.matched + other.matched,
        }
    }
}

/// Selects schemas of one type for the values of one body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selector<'a, 'j> {
    pub(crate) tape: &'a Tape<'j>,
    pub(crate) schema: &'a InputSchema,
}

/// The schemas that were selected for a value.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The schemas that apply.
    pub(crate) schemas: Vec<SchemaId>,
    /// Alternatives of which none has the tag of the value.
    pub(crate) untagged: Option<Vec<SchemaId>>,
}

impl Selection {
    pub(crate) fn of(id: SchemaId) -> Self {
        Self {
            schemas: vec![id],
            untagged: None,
        }
    }
}

impl Selector<'_, '_> {
    pub(crate) fn score(&self, instance: &Instance<'_>, id: SchemaId) -> Score {
        self.score_within(instance, id, MAX_CHOICES)
    }

    fn score_within(&self, instance: &Instance<'_>, id: SchemaId, depth: usize) -> Score {
        let Some(depth) = depth.checked_sub(1) else {
            return Score::PERFECT;
        };
        let schema = self.schema.schema(id);
        let mut score = self.score_alone(instance, schema);
        for subschema in &schema.all_of {
            score = score.and(self.score_within(instance, *subschema, depth));
        }
        for choice in &schema.choices {
            let scores = choice
                .alternatives
                .iter()
                .map(|alternative| self.score_within(instance, *alternative, depth));
            score = score.and(scores.max().unwrap_or(Score::PERFECT));
        }
        score
    }

    /// The score by the schema's own keywords.
    fn score_alone(&self, instance: &Instance<'_>, schema: &Schema) -> Score {
        let missing = |name: &&&str| instance.member(name).is_none();
        let is_property =
            |(name, _): &&(&'static str, NodeId)| schema.properties.contains_key(name);
        let mut score = Score {
            has_type: schema.types.intersects(instance.types()),
            ..Score::PERFECT
        };
        match instance.kind {
            ValueKind::Object => {
                score.matched = instance.members.iter().filter(is_property).count();
                let unknown = match schema.additional {
                    Additional::Denied => instance.count - score.matched,
                    _ => 0,
                };
                let missing = schema.required.iter().filter(missing).count();
                score.deficit = negated(missing + unknown);
                score.has_tags = instance
                    .members
                    .iter()
                    .all(|(name, value)| self.has_tag(schema, name, *value));
            }
            ValueKind::Array if !schema.tuple.is_empty() => {
                score.deficit = negated(schema.tuple.len().abs_diff(instance.count));
            }
            ValueKind::Array => {}
            _ => score.has_tags = self.is_constant(schema, instance.id),
        }
        score
    }

    /// Whether the member is no tag or the tag of the schema.
    fn has_tag(&self, schema: &Schema, name: &str, value: NodeId) -> bool {
        let member = schema.properties.get(name);
        let member = member.map(|id| self.schema.schema(*id));
        member.is_none_or(|member| !member.is_tag() || self.is_constant(member, value))
    }

    /// Whether the schema has no constants or the value is one of them.
    pub(crate) fn is_constant(&self, schema: &Schema, value: NodeId) -> bool {
        let Some(constants) = &schema.constants else {
            return true;
        };
        if self.tape.kind(value) == ValueKind::String {
            let text = self.tape.string(value);
            constants
                .iter()
                .any(|constant| constant.as_str() == Some(&text))
        } else {
            let value: Value = serde_json::from_str(self.tape.text(value)).unwrap_or_default();
            constants.contains(&&value)
        }
    }

    /// The schemas that apply to the value.
    pub(crate) fn select(&self, instance: &Instance<'_>, ids: &[SchemaId]) -> Selection {
        let mut selection = Selection::default();
        self.choose(instance, ids, MAX_CHOICES, &mut selection);
        selection
    }

    fn choose(
        &self,
        instance: &Instance<'_>,
        alternatives: &[SchemaId],
        depth: usize,
        selection: &mut Selection,
    ) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if let [alternative] = alternatives {
            self.add(instance, *alternative, depth, selection);
            return;
        }
        let scores = alternatives
            .iter()
            .map(|alternative| (self.score(instance, *alternative), *alternative));
        let scores: Vec<(Score, SchemaId)> = scores.collect();
        let Some(best) = scores.iter().map(|(score, _)| *score).max() else {
            return;
        };
        let is_tag_missing = best.deficit < 0 && self.is_variant_unknown(instance, alternatives);
        if best.has_type && (!best.has_tags || is_tag_missing) {
            selection
                .untagged
                .get_or_insert_with(|| alternatives.to_vec());
            return;
        }
        // Serde may accept any complete match. If there is none, the client meant one alternative.
        let is_best = |score: &Score| match best.deficit {
            0 => (score.has_type, score.has_tags, score.deficit) == (best.has_type, true, 0),
            _ => *score == best,
        };
        let most = if best.deficit == 0 { usize::MAX } else { 1 };
        for (_, alternative) in scores.iter().filter(|(score, _)| is_best(score)).take(most) {
            self.add(instance, *alternative, depth, selection);
        }
    }

    /// Whether the tag is missing that distinguishes all object variants.
    fn is_variant_unknown(&self, instance: &Instance<'_>, alternatives: &[SchemaId]) -> bool {
        let variants = Variants::of(self.schema, alternatives);
        instance.kind == ValueKind::Object && variants.is_tag_missing(instance)
    }

    fn add(&self, instance: &Instance<'_>, id: SchemaId, depth: usize, selection: &mut Selection) {
        if selection.schemas.contains(&id) {
            return;
        }
        selection.schemas.push(id);
        let schema = self.schema.schema(id);
        for subschema in &schema.all_of {
            self.add(instance, *subschema, depth, selection);
        }
        for choice in &schema.choices {
            self.choose(instance, &choice.alternatives, depth, selection);
        }
    }
}

fn negated(count: usize) -> i64 {
    -i64::try_from(count).unwrap_or(i64::from(u32::MAX))
}
