//! Conditional requests: the validators of a row, and the preconditions of a change as a part of its statement.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use resourceful::hidden::{Conditions, Tags, preconditions, set_validators, version_in};
use resourceful::{Caller, Request, Validators};
use sea_orm::sea_query::{ArrayType, Expr, SimpleExpr, Value};
use sea_orm::{ColumnTrait, EntityTrait};

use crate::entities::variant;
use crate::model::resource::{Column, ModelResource};
use crate::model::scope::Scope;
use crate::model::term::{Comparison, Term};
use crate::value::{text, time};

/// The column that is the version in the tag.
fn version<R: ModelResource>() -> Option<Column<R>> {
    R::version().or_else(R::modified)
}

fn all<R: ModelResource>() -> impl Iterator<Item = Column<R>> {
    version::<R>().into_iter().chain(R::modified())
}

/// The columns of the validators, which are read besides those of the item.
pub(crate) fn columns<R: ModelResource>() -> Vec<SimpleExpr> {
    let columns = all::<R>();
    columns
        .map(|column| column.select_as(Expr::col(column.as_column_ref())))
        .collect()
}

/// The variants of [`columns`].
pub(crate) fn variants<R: ModelResource>() -> Vec<ArrayType> {
    all::<R>().map(variant::<R::Entity>).collect()
}

/// Sets the validators of the response from the values of [`columns`].
pub(crate) fn keep<R: ModelResource>(request: &Request<Caller<R>>, values: &[Value]) {
    let Some(version) = values.first() else {
        return;
    };
    let validators = match version {
        Value::BigInt(Some(version)) => Validators::version(version),
        version => Validators::version(text::write(version)),
    };
    let modified = R::modified().and_then(|_| system_time(values.last()?));
    set_validators(
        request,
        match modified {
            Some(modified) => validators.and_last_modified(modified),
            None => validators,
        },
    );
}

fn system_time(value: &Value) -> Option<SystemTime> {
    let time: DateTime<Utc> = match value {
        Value::ChronoDateTime(Some(time)) => time.and_utc(),
        Value::ChronoDateTimeUtc(Some(time)) => *time,
        Value::ChronoDateTimeLocal(Some(time)) => time.to_utc(),
        Value::ChronoDateTimeWithTimeZone(Some(time)) => time.to_utc(),
        _ => return None,
    };
    Some(time.into())
}

/// The rows for which the preconditions of the request are true (RFC 9110 section 13.1): all without
/// [`version`](ModelResource::version) and [`modified`](ModelResource::modified).
///
/// A hook that changes an item by its own statement adds it to the condition.
pub fn unchanged<R: ModelResource>(request: &Request<Caller<R>>) -> Scope<R::Entity> {
    let mut scope = Scope::all();
    if R::CONDITIONS == Conditions::Ignored {
        return scope;
    }
    let Some(conditions) = preconditions(request) else {
        return scope;
    };
    if let Some(version) = version::<R>() {
        match conditions.matches {
            // A statement changes rows that exist.
            None | Some(Tags::Any) => {}
            Some(Tags::These(tags)) => match versions::<R::Entity>(version, &tags) {
                values if values.is_empty() => scope.push(Term::Nothing),
                values => scope.push(compare(version, Comparison::Eq, values)),
            },
        }
        match conditions.matches_none {
            None => {}
            Some(Tags::Any) => scope.push(Term::Nothing),
            Some(Tags::These(tags)) => match versions::<R::Entity>(version, &tags) {
                values if values.is_empty() => {}
                values => scope.push(compare(version, Comparison::Ne, values)),
            },
        }
    }
    if let (Some(since), Some(modified)) = (conditions.unmodified_since, R::modified()) {
        // The field has whole seconds.
        let end = DateTime::<Utc>::from(since + Duration::from_secs(1));
        let end = vec![time(end, &variant::<R::Entity>(modified))];
        scope.push(compare(modified, Comparison::Lt, end));
    }
    scope
}

/// The versions in the tags, without those that the column cannot have.
fn versions<E: EntityTrait>(column: E::Column, tags: &[String]) -> Vec<Value> {
    let variant = variant::<E>(column);
    let versions = tags.iter().filter_map(|tag| version_in(tag));
    versions
        .filter_map(|version| text::read(version, &variant))
        .collect()
}

fn compare<E: EntityTrait>(
    column: E::Column,
    comparison: Comparison,
    values: Vec<Value>,
) -> Term<E> {
    Term::Compare {
        column,
        comparison,
        values,
    }
}
