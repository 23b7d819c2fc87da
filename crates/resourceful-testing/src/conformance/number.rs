//! Generates numbers within the bounds of a schema.

use proptest::prelude::{BoxedStrategy, Just, Strategy};
use proptest::strategy::Union;
use serde_json::{Number, Value};

use super::normalise::Alternative;

/// Default bounds of integers, which every integer type of 32 bits accepts.
const DEFAULT_BOUNDS: (i128, i128) = (i32::MIN as i128, i32::MAX as i128);

/// Bound of most generated numbers.
const USUAL_BOUND: i128 = 1000;

/// # Errors
/// If no value exists.
pub(super) fn integers(alternative: &Alternative) -> Result<BoxedStrategy<Value>, String> {
    let Some(Bounds { low, high, step }) = bounds(alternative) else {
        return Err("no integer is between the bounds".to_owned());
    };
    let (near_low, near_high) = (
        (-USUAL_BOUND).clamp(low, high),
        USUAL_BOUND.clamp(low, high),
    );
    let integers = Union::new_weighted(vec![
        (6, (near_low..=near_high).boxed()),
        (2, (low..=high).boxed()),
        (1, Just(low).boxed()),
        (1, Just(high).boxed()),
    ]);
    let integers = integers.prop_map(move |multiple| integer(multiple * step));
    let exists = |value: &Option<Value>| value.is_some();
    let integers = integers.prop_filter("an integer that JSON can write", exists);
    Ok(integers.prop_map(Option::unwrap_or_default).boxed())
}

/// Bounds of integers, as multiples of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    low: i128,
    high: i128,
    step: i128,
}

impl Bounds {
    pub(super) fn first(self) -> Option<Value> {
        integer(self.low * self.step)
    }

    pub(super) fn last(self) -> Option<Value> {
        integer(self.high * self.step)
    }

    pub(super) fn before_first(self) -> Option<Value> {
        integer((self.low - 1) * self.step)
    }

    pub(super) fn after_last(self) -> Option<Value> {
        integer((self.high + 1) * self.step)
    }

    /// An integer that is not a multiple of the step.
    pub(super) fn off_step(self) -> Option<Value> {
        integer(self.low * self.step + 1)
    }

    /// An integer near the last one.
    pub(super) fn near_last(self, distance: i128) -> Option<Value> {
        integer((self.high - distance).max(self.low) * self.step)
    }
}

/// Bounds by the keywords of a schema.
pub(super) fn bounds(alternative: &Alternative) -> Option<Bounds> {
    let given = |keyword| alternative.get(keyword).and_then(as_integer);
    let low = [
        given("minimum"),
        given("exclusiveMinimum").map(|bound| bound + 1),
    ];
    let high = [
        given("maximum"),
        given("exclusiveMaximum").map(|bound| bound - 1),
    ];
    let low = low.into_iter().flatten().max().unwrap_or(DEFAULT_BOUNDS.0);
    let high = high
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(DEFAULT_BOUNDS.1.max(low));
    let step = given("multipleOf").filter(|step| *step > 0).unwrap_or(1);
    let bounds = Bounds {
        low: low.div_euclid(step) + i128::from(low.rem_euclid(step) > 0),
        high: high.div_euclid(step),
        step,
    };
    (bounds.low <= bounds.high).then_some(bounds)
}

fn as_integer(value: &Value) -> Option<i128> {
    let integer = value.as_i64().map(i128::from);
    let integer = integer.or_else(|| value.as_u64().map(i128::from));
    #[expect(clippy::cast_possible_truncation, reason = "a bound of i128 is one")]
    integer.or_else(|| value.as_f64().map(|number| number as i128))
}

fn integer(value: i128) -> Option<Value> {
    let signed = i64::try_from(value).map(Value::from);
    let unsigned = || u64::try_from(value).map(Value::from);
    signed.or_else(|_| unsigned()).ok()
}

/// # Errors
/// If no value exists.
pub(super) fn floats(alternative: &Alternative) -> Result<BoxedStrategy<Value>, String> {
    let given = |keyword| alternative.get(keyword).and_then(Value::as_f64);
    if alternative.get("multipleOf").is_some() {
        return integers(alternative);
    }
    let low = given("minimum")
        .into_iter()
        .chain(given("exclusiveMinimum"));
    let high = given("maximum")
        .into_iter()
        .chain(given("exclusiveMaximum"));
    let low = low.reduce(f64::max);
    let high = high.reduce(f64::min);
    let low = low.unwrap_or_else(|| high.map_or(-1000.0, |high| high.min(0.0) - 1000.0));
    let high = high.unwrap_or(low.max(0.0) + 1000.0);
    if low > high {
        return Err("no number is between the bounds".to_owned());
    }
    let (least, most) = (given("exclusiveMinimum"), given("exclusiveMaximum"));
    let is_inside = move |number: &f64| Some(*number) != least && Some(*number) != most;
    let floats = Union::new_weighted(vec![
        (6, (low..=high).boxed()),
        (1, Just(low).boxed()),
        (1, Just(high).boxed()),
    ]);
    let floats = floats.prop_filter("a number inside the bounds", is_inside);
    Ok(floats.prop_map(float).boxed())
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(schema: Value) -> Alternative {
        Alternative::default().with(schema)
    }

    #[test]
    fn values_just_outside_the_bounds() {
        let of = |schema| bounds(&of(schema)).unwrap();
        let byte = of(json!({"minimum": 0, "maximum": 10}));
        assert_eq!(byte.before_first(), Some(json!(-1)));
        assert_eq!(byte.after_last(), Some(json!(11)));
        let long = of(json!({"minimum": i64::MIN, "maximum": i64::MAX}));
        assert_eq!(
            long.after_last(),
            Some(json!(9_223_372_036_854_775_808_u64))
        );
        assert_eq!(long.before_first(), None);
        let odd = of(json!({"exclusiveMinimum": 3, "exclusiveMaximum": 10, "multipleOf": 3}));
        assert_eq!((odd.first(), odd.last()), (Some(json!(6)), Some(json!(9))));
    }

    #[test]
    fn crossed_bounds_are_an_error() {
        assert!(integers(&of(json!({"minimum": 2, "maximum": 1}))).is_err());
        assert!(integers(&of(json!({"minimum": 4, "maximum": 5, "multipleOf": 3}))).is_err());
        assert!(floats(&of(json!({"minimum": 2, "maximum": 1}))).is_err());
    }
}
