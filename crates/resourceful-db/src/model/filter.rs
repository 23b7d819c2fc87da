//! [`Filter`]: conditions from the query string.

use resourceful::{FieldError, Query};
use sea_orm::sea_query::{Nullable, Value};
use sea_orm::{DbBackend, EntityTrait};

use crate::model::scope::Scope;
use crate::model::storable;
use crate::model::term::{Comparison, Term};

/// Values in one list at most.
const MAX_VALUES: usize = 100;

/// Conditions from the query string. `#[derive(Filter)]` implements it.
///
/// Each field is an `Option`, or a `Vec` of which one value must be equal (`ne`: none). An absent parameter sets no condition.
/// Values are parameters of the statement, never part of its text.
///
/// | attribute | condition |
/// |---|---|
/// | none | the column with the name of the field is equal |
/// | `#[filter(created_at, gte)]` | `eq`, `ne`, `gt`, `gte`, `lt`, `lte` of this column |
/// | `#[filter(title, contains)]` | has the text in it; `starts_with`: begins with it; upper and lower case differ |
/// | `#[filter(title, icontains)]` | the same, but upper and lower case of ASCII letters do not differ |
/// | `#[filter(any(title, content), icontains)]` | one of these columns |
/// | `#[filter(author_id, is_null)]` | an `Option<bool>`: whether the column is null |
///
/// # Examples
/// See the guide, "Tables".
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no filter of `{E}`",
    note = "derive `Filter` for it: `#[derive(Deserialize, JsonSchema, Validate, Filter)] #[filter(entity = post::Entity)]`"
)]
pub trait Filter<E: EntityTrait>: Query {
    /// Adds the conditions.
    fn apply(&self, conditions: &mut Conditions<E>);
}

/// The comparison of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Has the text in it.
    Contains,
    /// Has the text in it, whatever the case of ASCII letters.
    IContains,
    /// Begins with the text.
    StartsWith,
    /// Is null, or is not.
    IsNull,
}

/// The conditions of a list.
#[derive(Debug)]
pub struct Conditions<E: EntityTrait> {
    backend: DbBackend,
    rows: Scope<E>,
    errors: Vec<FieldError>,
}

impl<E: EntityTrait> Conditions<E> {
    pub(crate) fn new(backend: DbBackend) -> Self {
        Self {
            backend,
            rows: Scope::all(),
            errors: Vec::new(),
        }
    }

    /// Adds a condition if the parameter `name` is there: one of `columns` compares so with its value.
    pub fn add(
        &mut self,
        name: &'static str,
        columns: &[E::Column],
        operator: Operator,
        parameter: &impl FilterValue,
    ) {
        let Some(values) = parameter.values() else {
            return;
        };
        if values.len() > MAX_VALUES {
            let detail = format!("has more than {MAX_VALUES} values");
            self.errors.push(FieldError::query(name, detail));
            return;
        }
        if let Some(detail) = values.iter().find_map(storable::refusal) {
            self.errors.push(FieldError::query(name, detail));
            return;
        }
        let compare = |column: &E::Column| compare(*column, operator, &values, self.backend);
        let term = match columns {
            [column] => compare(column),
            _ => Term::Any(columns.iter().map(|one| compare(one).into()).collect()),
        };
        self.rows.push(term);
    }

    pub(crate) fn into_scope(self) -> Result<Scope<E>, Vec<FieldError>> {
        if self.errors.is_empty() {
            Ok(self.rows)
        } else {
            Err(self.errors)
        }
    }
}

fn compare<E: EntityTrait>(
    column: E::Column,
    operator: Operator,
    values: &[Value],
    backend: DbBackend,
) -> Term<E> {
    let Some(first) = values.first() else {
        return Term::Nothing; // A list without values.
    };
    let comparison = match operator {
        Operator::Eq => Comparison::Eq,
        Operator::Ne => Comparison::Ne,
        Operator::Gt => Comparison::Gt,
        Operator::Gte => Comparison::Gte,
        Operator::Lt => Comparison::Lt,
        Operator::Lte => Comparison::Lte,
        Operator::IsNull if *first == Value::Bool(Some(false)) => Comparison::IsNotNull,
        Operator::IsNull => Comparison::IsNull,
        Operator::Contains | Operator::IContains | Operator::StartsWith => {
            return like(column, operator, first, backend);
        }
    };
    let values = match comparison {
        Comparison::Eq | Comparison::Ne => values,
        Comparison::IsNull | Comparison::IsNotNull => &[],
        _ => &values[..1],
    };
    Term::Compare {
        column,
        comparison,
        values: values.to_vec(),
    }
}

/// `LIKE` differs: in SQLite it ignores the case of ASCII letters, in PostgreSQL it does not. `GLOB` is
/// SQLite's operator that does not.
fn like<E: EntityTrait>(
    column: E::Column,
    operator: Operator,
    value: &Value,
    backend: DbBackend,
) -> Term<E> {
    let Value::String(Some(text)) = value else {
        return Term::Nothing;
    };
    let ignores_case = operator == Operator::IContains;
    let comparison = match (backend, ignores_case) {
        (DbBackend::Sqlite, false) => Comparison::Glob,
        (DbBackend::Sqlite, true) | (_, false) => Comparison::Like,
        (_, true) => Comparison::LowerLike,
    };
    let (any, text) = if comparison == Comparison::Glob {
        let escaped = |special| format!("[{special}]");
        ('*', escape(text, &['*', '?', '['], escaped))
    } else {
        let escaped = |special| format!("\\{special}");
        ('%', escape(text, &['%', '_', '\\'], escaped))
    };
    let mut pattern = match operator {
        Operator::StartsWith => format!("{text}{any}"),
        _ => format!("{any}{text}{any}"),
    };
    if comparison == Comparison::LowerLike {
        pattern.make_ascii_lowercase();
    }
    Term::Compare {
        column,
        comparison,
        values: vec![pattern.into()],
    }
}

fn escape(text: &str, special: &[char], escaped: impl Fn(char) -> String) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            result.push_str(&escaped(character));
        } else {
            result.push(character);
        }
    }
    result
}

/// The parameter of a filter: an `Option`, or a `Vec` of which one value must be equal.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no parameter of a filter",
    note = "a field of a filter is an `Option` of the column's type, or a `Vec` of it"
)]
pub trait FilterValue {
    /// The values; `None` if the parameter is absent.
    fn values(&self) -> Option<Vec<Value>>;
}

impl<T: Clone + Into<Value>> FilterValue for Option<T> {
    fn values(&self) -> Option<Vec<Value>> {
        self.clone().map(|value| vec![value.into()])
    }
}

impl<T: Clone + Into<Value>> FilterValue for Vec<T> {
    fn values(&self) -> Option<Vec<Value>> {
        (!self.is_empty()).then(|| self.iter().cloned().map(Into::into).collect())
    }
}

/// A parameter that can be compared with a column of the type `V`.
#[diagnostic::on_unimplemented(
    message = "a parameter of type `{Self}` cannot be compared with a column of type `{V}`",
    note = "the field has the type `Option` or `Vec` of the column's type"
)]
pub trait Comparable<V>: FilterValue {}

impl<T: Clone + Into<Value>> Comparable<T> for Option<T> {}
impl<T: Clone + Into<Value> + Nullable> Comparable<Option<T>> for Option<T> {}
impl<T: Clone + Into<Value>> Comparable<T> for Vec<T> {}
impl<T: Clone + Into<Value> + Nullable> Comparable<Option<T>> for Vec<T> {}
