//! Which of several alternatives a value is meant for.
//!
//! Only the value itself is looked at, not what is inside its members: so a value is looked at once,
//! however many alternatives of alternatives a type has.

use serde_json::Value;

use crate::input::check::instance::Subject;
use crate::input::check::variants::Variants;
use crate::input::json_text::tape::{Kind, NodeId, Tape};
use crate::input::schema::input_schema::{InputSchema, MAX_CHOICES};
use crate::input::schema::subschema::{Additional, Schema, SchemaId};

/// How well a value fits: the greater, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    pub(crate) has_type: bool,
    /// Its constants are those of the schema.
    pub(crate) has_tags: bool,
    /// How many members are missing, or must not be there, as a negative number.
    pub(crate) lacks: i64,
    /// How many members are known.
    known: usize,
}

impl Fit {
    const FULL: Self = Self {
        has_type: true,
        has_tags: true,
        lacks: 0,
        known: 0,
    };

    fn and(self, other: Self) -> Self {
        Self {
            has_type: self.has_type && other.has_type,
            has_tags: self.has_tags && other.has_tags,
            lacks: self.lacks + other.lacks,
            known: self.known + other.known,
        }
    }
}

/// Fits values of one body into the schemas of one type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fitting<'a, 'j> {
    pub(crate) tape: &'a Tape<'j>,
    pub(crate) schema: &'a InputSchema,
}

/// What a value was found to be meant for.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The schemas that hold for it.
    pub(crate) schemas: Vec<SchemaId>,
    /// Alternatives none of which has the value's tag.
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

impl Fitting<'_, '_> {
    pub(crate) fn fit(&self, subject: &Subject<'_>, id: SchemaId) -> Fit {
        self.fit_within(subject, id, MAX_CHOICES)
    }

    fn fit_within(&self, subject: &Subject<'_>, id: SchemaId, depth: usize) -> Fit {
        let Some(depth) = depth.checked_sub(1) else {
            return Fit::FULL;
        };
        let schema = self.schema.schema(id);
        let mut fit = self.fit_alone(subject, schema);
        for one in &schema.conjuncts {
            fit = fit.and(self.fit_within(subject, *one, depth));
        }
        for choice in &schema.choices {
            let fits = choice
                .alternatives
                .iter()
                .map(|one| self.fit_within(subject, *one, depth));
            fit = fit.and(fits.max().unwrap_or(Fit::FULL));
        }
        fit
    }

    /// By the schema's own keywords.
    fn fit_alone(&self, subject: &Subject<'_>, schema: &Schema) -> Fit {
        let missing = |name: &&&str| subject.member(name).is_none();
        let known = |(name, _): &&(&'static str, NodeId)| schema.properties.contains_key(name);
        let mut fit = Fit {
            has_type: schema.types.meets(subject.types()),
            ..Fit::FULL
        };
        match subject.kind {
            Kind::Object => {
                fit.known = subject.members.iter().filter(known).count();
                let unknown = match schema.additional {
                    Additional::Denied => subject.count - fit.known,
                    _ => 0,
                };
                let missing = schema.required.iter().filter(missing).count();
                fit.lacks = negative(missing + unknown);
                fit.has_tags = subject
                    .members
                    .iter()
                    .all(|(name, value)| self.has_tag(schema, name, *value));
            }
            Kind::Array if !schema.tuple.is_empty() => {
                fit.lacks = negative(schema.tuple.len().abs_diff(subject.count));
            }
            Kind::Array => {}
            _ => fit.has_tags = self.is_constant(schema, subject.id),
        }
        fit
    }

    /// Is the member, if it is a tag, that of the schema?
    fn has_tag(&self, schema: &Schema, name: &str, value: NodeId) -> bool {
        let member = schema.properties.get(name);
        let member = member.map(|id| self.schema.schema(*id));
        member.is_none_or(|member| !member.is_tag() || self.is_constant(member, value))
    }

    /// Is it one of the constants, if the schema has any?
    pub(crate) fn is_constant(&self, schema: &Schema, value: NodeId) -> bool {
        let Some(constants) = &schema.constants else {
            return true;
        };
        if self.tape.kind(value) == Kind::String {
            let text = self.tape.string(value);
            constants.iter().any(|one| one.as_str() == Some(&text))
        } else {
            let value: Value = serde_json::from_str(self.tape.text(value)).unwrap_or_default();
            constants.contains(&&value)
        }
    }

    /// The schemas that hold for the value: of alternatives, those that fit best.
    pub(crate) fn select(&self, subject: &Subject<'_>, ids: &[SchemaId]) -> Selection {
        let mut selection = Selection::default();
        self.choose(subject, ids, MAX_CHOICES, &mut selection);
        selection
    }

    fn choose(
        &self,
        subject: &Subject<'_>,
        alternatives: &[SchemaId],
        depth: usize,
        selection: &mut Selection,
    ) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if let [one] = alternatives {
            self.take(subject, *one, depth, selection);
            return;
        }
        let fits = alternatives
            .iter()
            .map(|one| (self.fit(subject, *one), *one));
        let fits: Vec<(Fit, SchemaId)> = fits.collect();
        let Some(best) = fits.iter().map(|(fit, _)| *fit).max() else {
            return;
        };
        let lacks_tag = best.lacks < 0 && self.has_no_variant(subject, alternatives);
        if best.has_type && (!best.has_tags || lacks_tag) {
            selection
                .untagged
                .get_or_insert_with(|| alternatives.to_vec());
            return;
        }
        // Serde may have taken any that lacks nothing. Of those that lack something, the client meant one.
        let is_best = |fit: &Fit| match best.lacks {
            0 => (fit.has_type, fit.has_tags, fit.lacks) == (best.has_type, true, 0),
            _ => *fit == best,
        };
        let most = if best.lacks == 0 { usize::MAX } else { 1 };
        for (_, one) in fits.iter().filter(|(fit, _)| is_best(fit)).take(most) {
            self.take(subject, *one, depth, selection);
        }
    }

    /// Are all variants that are objects told apart by a member that is not there?
    fn has_no_variant(&self, subject: &Subject<'_>, alternatives: &[SchemaId]) -> bool {
        let variants = Variants::of(self.schema, alternatives);
        subject.kind == Kind::Object && variants.are_untagged(subject)
    }

    fn take(&self, subject: &Subject<'_>, id: SchemaId, depth: usize, selection: &mut Selection) {
        if selection.schemas.contains(&id) {
            return;
        }
        selection.schemas.push(id);
        let schema = self.schema.schema(id);
        for one in &schema.conjuncts {
            self.take(subject, *one, depth, selection);
        }
        for choice in &schema.choices {
            self.choose(subject, &choice.alternatives, depth, selection);
        }
    }
}

fn negative(count: usize) -> i64 {
    -i64::try_from(count).unwrap_or(i64::from(u32::MAX))
}
