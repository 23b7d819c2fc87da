mod conformance;
mod contracts;
mod own_rules;
mod posts;
mod types;
mod wide;
