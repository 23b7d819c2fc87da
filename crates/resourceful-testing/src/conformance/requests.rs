//! Requests made from the schemas: those that are right, and those with one or two places wrong.

use std::collections::HashSet;

use proptest::prelude::{BoxedStrategy, Just, Strategy};
use serde_json::{Map, Value};

use super::alteration::{Alteration, Effect};
use super::document::Operation;
use super::expected::Expected;
use super::generate::Members;
use super::items::unknown_ids;
use super::places::alterations;
use super::session::{Session, Target};
use super::trial::{Outcome, Trial};

/// So many inputs are altered place by place, so that each alternative of a choice is met.
const ORIGINALS: u64 = 6;

/// So many pairs of wrong places are tried.
const PAIRS: usize = 8;

/// What the document admits is taken.
pub(super) async fn check_valid(session: &Session, operation: &Operation, target: &Target) {
    let Some(inputs) = session.inputs(operation, &target.known, Members::Some) else {
        return;
    };
    let trials = inputs.prop_map(Trial::of).boxed();
    let has_json = operation
        .body
        .as_ref()
        .is_some_and(|body| body.json.is_some());
    let cases = match has_json {
        true => session.cases,
        false if operation.is_constant(&target.known) => 1,
        // A query has less to vary, and its answers take longer.
        false => session.cases.div_ceil(8),
    };
    for index in 0..cases {
        let expected = &Expected::Accepted;
        let outcome = session.explore(operation, &trials, index, expected).await;
        if outcome == Outcome::Unmade {
            session.cannot_generate(operation, "a whole request");
            return;
        }
    }
}

/// What the document does not admit is refused, and the place that is wrong named.
pub(super) async fn check_altered(session: &Session, operation: &Operation, target: &Target) {
    let Some(originals) = session.inputs(operation, &target.known, Members::All) else {
        return;
    };
    let altered = Altered::new(session, operation, &target.known, originals);
    let mut met = HashSet::new();
    for index in 0..ORIGINALS {
        let found = altered.possible(index, &met);
        for one in &found {
            altered.check(index, std::slice::from_ref(one)).await;
        }
        met.extend(found.into_iter().map(|one| (one.place, one.what)));
    }
    // Where one place is not named, two are not either.
    if !session.has_found(operation, "broken-field") {
        altered.check_pairs().await;
    }
}

struct Altered<'s> {
    session: &'s Session,
    operation: &'s Operation,
    schema: Value,
    originals: BoxedStrategy<Value>,
}

impl<'s> Altered<'s> {
    fn new(
        session: &'s Session,
        operation: &'s Operation,
        known: &Map<String, Value>,
        originals: BoxedStrategy<Value>,
    ) -> Self {
        Self {
            session,
            operation,
            schema: operation.input(known),
            originals,
        }
    }

    /// What can be altered of the `index`th original, but for what was met before.
    fn possible(&self, index: u64, met: &HashSet<(String, String)>) -> Vec<Alteration> {
        let schemas = &self.session.document.schemas;
        let original = self.session.input(self.operation, &self.originals, index);
        let (Some(original), Ok(validator)) = (original, schemas.validator(&self.schema)) else {
            return Vec::new();
        };
        let mut found = alterations(schemas, &self.schema, &original);
        found.retain(|one| !met.contains(&(one.place.clone(), one.what.clone())));
        // The schema has the last word whether a rule is broken.
        found.retain(|one| {
            let original = Just(original.clone()).boxed();
            let altered = Alteration::strategy(std::slice::from_ref(one), original);
            let altered = self.session.input(self.operation, &altered, index);
            let keeps = one.effect == Effect::Keeps;
            altered.is_some_and(|altered| validator.is_valid(&altered.input) == keeps)
        });
        found
    }

    async fn check(&self, index: u64, alterations: &[Alteration]) {
        let Ok(validator) = self.session.document.schemas.validator(&self.schema) else {
            return;
        };
        let breaks = alterations.iter().any(|one| one.effect == Effect::Breaks);
        let trials = Alteration::strategy(alterations, self.originals.clone());
        // Null is what has no such place.
        let is_so = move |trial: &Trial| {
            !trial.input.is_null() && validator.is_valid(&trial.input) != breaks
        };
        let trials = trials.prop_filter("altered as it should be", is_so).boxed();
        let expected = if breaks {
            Expected::Refused(alterations)
        } else {
            Expected::Accepted
        };
        let session = self.session;
        session
            .explore_any(self.operation, &trials, index, &expected)
            .await;
    }

    /// Each wrong place with the next.
    async fn check_pairs(&self) {
        let mut broken = self.possible(0, &HashSet::new());
        broken.retain(|one| one.effect == Effect::Breaks);
        broken.dedup_by(|one, before| one.place == before.place);
        let pairs = broken.windows(2);
        let pairs = pairs.filter(|pair| pair[0].is_apart_from(&pair[1]));
        for pair in pairs.take(PAIRS) {
            self.check(0, pair).await;
        }
    }
}

/// What is not there is 404, whatever is to be done with it.
pub(super) async fn check_unknown(session: &Session, operation: &Operation, target: &Target) {
    for id in unknown_ids(session, operation) {
        let mut known = target.known.clone();
        known.insert("id".to_owned(), id);
        let Some(inputs) = session.inputs(operation, &known, Members::Some) else {
            continue;
        };
        let there = target.known.get("id").cloned();
        let trial = move |input: Value| match &there {
            Some(id) => Trial::of(input.clone()).beside(with_id(input, id)),
            None => Trial::of(input),
        };
        let trials = inputs.prop_map(trial).boxed();
        let first = session.fresh();
        session
            .explore_any(operation, &trials, first, &Expected::NotFound)
            .await;
    }
}

/// The same request of another item.
fn with_id(mut input: Value, id: &Value) -> Value {
    input["path"]["id"] = id.clone();
    input
}
