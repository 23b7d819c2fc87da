//! Sends valid requests, and requests with one or two invalid values.

use std::collections::HashSet;

use proptest::prelude::{BoxedStrategy, Just, Strategy};
use serde_json::{Map, Value};

use super::expected::Expected;
use super::generate::OptionalMembers;
use super::items::unknown_ids;
use super::mutation::{Effect, Mutation};
use super::mutator::mutations;
use super::operation::Operation;
use super::session::{Fixture, Session};
use super::test_case::{TestCase, Verdict};

/// Number of inputs to mutate, so that each alternative of a choice occurs.
const ORIGINALS: u64 = 6;

/// Maximum number of pairs of invalid values.
const PAIRS: usize = 8;

/// Checks that valid requests are accepted.
pub(super) async fn check_valid(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(inputs) = session.inputs(operation, &fixture.path_params, OptionalMembers::Half)
    else {
        return;
    };
    let test_cases = inputs.prop_map(TestCase::of).boxed();
    let has_json = operation
        .body
        .as_ref()
        .is_some_and(|body| body.json.is_some());
    let cases = match has_json {
        true => session.cases,
        false if operation.is_constant(&fixture.path_params) => 1,
        // A query has fewer variants, and its responses take longer.
        false => session.cases.div_ceil(8),
    };
    for index in 0..cases {
        let expected = &Expected::Accepted;
        let verdict = session
            .run_case(operation, &test_cases, index, expected)
            .await;
        if verdict == Verdict::NotGenerated {
            session.cannot_generate(operation, "the request");
            return;
        }
    }
}

/// Checks that invalid requests are refused with an error that names the value.
pub(super) async fn check_mutated(session: &Session, operation: &Operation, fixture: &Fixture) {
    let Some(originals) = session.inputs(operation, &fixture.path_params, OptionalMembers::Most)
    else {
        return;
    };
    let mutated = MutationCheck::new(session, operation, &fixture.path_params, originals);
    let mut met = HashSet::new();
    for index in 0..ORIGINALS {
        let found = mutated.possible(index, &met);
        for mutation in &found {
            mutated.check(index, std::slice::from_ref(mutation)).await;
        }
        met.extend(
            found
                .into_iter()
                .map(|mutation| (mutation.pointer, mutation.predicate)),
        );
    }
    // If one value is not named, two are not either.
    if !session.has_finding(operation, "broken-field") {
        mutated.check_pairs().await;
    }
}

struct MutationCheck<'s> {
    session: &'s Session,
    operation: &'s Operation,
    schema: Value,
    originals: BoxedStrategy<Value>,
}

impl<'s> MutationCheck<'s> {
    fn new(
        session: &'s Session,
        operation: &'s Operation,
        path_params: &Map<String, Value>,
        originals: BoxedStrategy<Value>,
    ) -> Self {
        Self {
            session,
            operation,
            schema: operation.input(path_params),
            originals,
        }
    }

    /// Returns the mutations of the `index`th original, except those in `met`.
    fn possible(&self, index: u64, met: &HashSet<(String, String)>) -> Vec<Mutation> {
        let schemas = &self.session.contract.schemas;
        let original = self.session.input(self.operation, &self.originals, index);
        let (Some(original), Ok(validator)) = (original, schemas.validator(&self.schema)) else {
            return Vec::new();
        };
        let mut found = mutations(schemas, &self.schema, &original);
        found.retain(|mutation| {
            !met.contains(&(mutation.pointer.clone(), mutation.predicate.clone()))
        });
        // The validator decides whether a mutation is invalid.
        found.retain(|mutation| {
            let original = Just(original.clone()).boxed();
            let mutated = Mutation::strategy(std::slice::from_ref(mutation), original);
            let mutated = self.session.input(self.operation, &mutated, index);
            let keeps = mutation.effect == Effect::Valid;
            mutated.is_some_and(|mutated| validator.is_valid(&mutated.input) == keeps)
        });
        found
    }

    async fn check(&self, index: u64, mutations: &[Mutation]) {
        let Ok(validator) = self.session.contract.schemas.validator(&self.schema) else {
            return;
        };
        let breaks = mutations
            .iter()
            .any(|mutation| mutation.effect == Effect::Invalid);
        let test_cases = Mutation::strategy(mutations, self.originals.clone());
        // Null means that the input has no such value.
        let is_so = move |test_case: &TestCase| {
            !test_case.input.is_null() && validator.is_valid(&test_case.input) != breaks
        };
        let test_cases = test_cases
            .prop_filter("a mutation with this effect", is_so)
            .boxed();
        let expected = if breaks {
            Expected::Refused(mutations)
        } else {
            Expected::Accepted
        };
        let session = self.session;
        session
            .run_until_conclusive(self.operation, &test_cases, index, &expected)
            .await;
    }

    /// Checks each invalid value together with the next.
    async fn check_pairs(&self) {
        let mut broken = self.possible(0, &HashSet::new());
        broken.retain(|mutation| mutation.effect == Effect::Invalid);
        broken.dedup_by(|mutation, before| mutation.pointer == before.pointer);
        let pairs = broken.windows(2);
        let pairs = pairs.filter(|pair| pair[0].is_disjoint_from(&pair[1]));
        for pair in pairs.take(PAIRS) {
            self.check(0, pair).await;
        }
    }
}

/// Checks that unknown ids get 404.
pub(super) async fn check_unknown(session: &Session, operation: &Operation, fixture: &Fixture) {
    for id in unknown_ids(session, operation, "id") {
        let mut path_params = fixture.path_params.clone();
        path_params.insert("id".to_owned(), id);
        let Some(inputs) = session.inputs(operation, &path_params, OptionalMembers::Half) else {
            continue;
        };
        let there = fixture.path_params.get("id").cloned();
        let test_case = move |input: Value| match &there {
            Some(id) => TestCase::of(input.clone()).with_control(with_id(input, id)),
            None => TestCase::of(input),
        };
        let test_cases = inputs.prop_map(test_case).boxed();
        let first = session.next_fresh_index();
        session
            .run_until_conclusive(operation, &test_cases, first, &Expected::NotFound)
            .await;
    }
}

/// Replaces the id in an input's path.
fn with_id(mut input: Value, id: &Value) -> Value {
    input["path"]["id"] = id.clone();
    input
}
