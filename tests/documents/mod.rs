mod callers;
mod conformance;
mod contracts;
mod notes;
mod own_rules;
mod posts;
mod types;
mod wide;
