//! Resources over tables.

pub mod actions;
pub(crate) mod changeset;
pub(crate) mod conditions;
pub(crate) mod constraint;
pub(crate) mod counted;
pub(crate) mod cursor;
pub(crate) mod filter;
pub(crate) mod found;
pub(crate) mod item;
pub(crate) mod keyset;
pub(crate) mod list_query;
pub(crate) mod nested;
pub(crate) mod order;
pub(crate) mod ordered;
pub(crate) mod registration;
pub(crate) mod resource;
pub(crate) mod row_model;
pub(crate) mod rows;
pub(crate) mod scope;
pub(crate) mod select;
pub(crate) mod storable;
pub(crate) mod term;
pub(crate) mod visibility;
pub(crate) mod within;
