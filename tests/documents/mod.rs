mod conformance;
mod contracts;
mod posts;
mod wide;
