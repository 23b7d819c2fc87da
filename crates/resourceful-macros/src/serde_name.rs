//! The names that serde reads: `#[serde(rename = "..")]` and `#[serde(rename_all = "..")]`.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, Field, LitStr};

use crate::column::field_name;

/// The name of a field in JSON or in a query string; `container` has the attributes of its struct.
pub(crate) fn deserialized_name(container: &[Attribute], field: &Field) -> Result<String, Error> {
    if let Some(name) = argument(&field.attrs, "rename")? {
        return Ok(name.value());
    }
    let name = field_name(field).to_string();
    let name = name.trim_start_matches("r#");
    match argument(container, "rename_all")? {
        Some(rule) => apply(&rule, name),
        None => Ok(name.to_owned()),
    }
}

/// The value of `name = ".."` or of `name(deserialize = "..")`.
fn argument(attributes: &[Attribute], name: &str) -> Result<Option<LitStr>, Error> {
    let mut value = None;
    for attribute in attributes {
        if !attribute.path().is_ident("serde") {
            continue;
        }
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident(name) {
                return skip(&meta);
            }
            if meta.input.peek(syn::token::Paren) {
                return meta.parse_nested_meta(|meta| {
                    let text = meta.value()?.parse()?;
                    if meta.path.is_ident("deserialize") {
                        value = Some(text);
                    }
                    Ok(())
                });
            }
            value = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(value)
}

/// Reads over an argument, which serde checks itself.
fn skip(meta: &ParseNestedMeta<'_>) -> Result<(), Error> {
    if meta.input.peek(syn::token::Paren) {
        return meta.parse_nested_meta(|meta| skip(&meta));
    }
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<Expr>()?;
    }
    Ok(())
}

/// Renames a field, which is in snake case, as serde does.
fn apply(rule: &LitStr, name: &str) -> Result<String, Error> {
    let pascal_case = || crate::case::camel_case(name);
    Ok(match rule.value().as_str() {
        "lowercase" | "snake_case" => name.to_owned(),
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => name.to_ascii_uppercase(),
        "PascalCase" => pascal_case(),
        "camelCase" => {
            let name = pascal_case();
            name[..1].to_ascii_lowercase() + &name[1..]
        }
        "kebab-case" => name.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => name.to_ascii_uppercase().replace('_', "-"),
        _ => return Err(Error::new(rule.span(), "serde has no such rule")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::{ItemStruct, parse_quote};

    fn names(item: &ItemStruct) -> Vec<String> {
        let name = |field| deserialized_name(&item.attrs, field).unwrap();
        item.fields.iter().map(name).collect()
    }

    #[test]
    fn fields_are_named_as_serde_names_them() {
        let rules = [
            ("lowercase", "created_at"),
            ("UPPERCASE", "CREATED_AT"),
            ("PascalCase", "CreatedAt"),
            ("camelCase", "createdAt"),
            ("snake_case", "created_at"),
            ("SCREAMING_SNAKE_CASE", "CREATED_AT"),
            ("kebab-case", "created-at"),
            ("SCREAMING-KEBAB-CASE", "CREATED-AT"),
        ];
        for (rule, name) in rules {
            let item: ItemStruct = parse_quote! {
                #[serde(deny_unknown_fields, rename_all = #rule)]
                struct NewPost { created_at: i64 }
            };
            assert_eq!(names(&item), [name]);
        }
    }

    #[test]
    fn a_name_of_a_field_has_precedence_over_the_rule() {
        let item: ItemStruct = parse_quote! {
            #[serde(rename_all(serialize = "UPPERCASE", deserialize = "kebab-case"))]
            struct NewPost {
                #[serde(default = "now", rename = "at")]
                created_at: i64,
                #[serde(rename(serialize = "a", deserialize = "b"))]
                updated_at: i64,
                #[serde(bound(deserialize = "T: X"), default)]
                r#type: i64,
                is_new: bool,
            }
        };
        assert_eq!(names(&item), ["at", "b", "type", "is-new"]);
    }
}
