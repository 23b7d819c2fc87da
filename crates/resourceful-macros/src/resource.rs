//! Expands `#[resource]`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemImpl, LitStr, Type, parse_quote};

use crate::action::{self, HookItem};
use crate::case::snake_case;
use crate::doc_comments;
use crate::errors;
use crate::hooks::{self, Hook};
use crate::idempotency::IdempotencyKeys;
use crate::model_resource;

/// Error message for `only(..)` where the hooks are in the block.
const ONLY_OF_MODEL: &str = "`only(..)` is for `impl ModelResource`: an `AsyncResource` has the actions whose hooks \
                             are in the block";

/// Error message for an unknown argument.
const EXPECTED_ARGUMENTS: &str = "the arguments are `name = \"..\"`, `only(..)`, `requires_idempotency_key(..)` and \
                                  `accepts_idempotency_key(..)`";

/// Error message for an unknown action.
const EXPECTED_ACTIONS: &str = "`only(..)` takes actions: `list`, `create`, `retrieve`, `update`, \
                                `partial_update`, `destroy`";

pub(crate) const HOOKS: &[Hook] = &[
    Hook {
        name: "list",
        parameters: &["&self", "request: &Request", "query: Query"],
        output: "Result<Page<ListItem>>",
    },
    Hook {
        name: "create",
        parameters: &["&self", "request: &Request", "new: Create"],
        output: "Result<Item>",
    },
    Hook {
        name: "retrieve",
        parameters: &["&self", "request: &Request", "id: Id"],
        output: "Result<Item>",
    },
    Hook {
        name: "update",
        parameters: &["&self", "request: &Request", "id: Id", "item: Update"],
        output: "Result<Item>",
    },
    Hook {
        name: "partial_update",
        parameters: &[
            "&self",
            "request: &Request",
            "id: Id",
            "changes: PartialUpdate",
        ],
        output: "Result<Item>",
    },
    Hook {
        name: "destroy",
        parameters: &["&self", "request: &Request", "id: Id"],
        output: "Result<()>",
    },
];

/// Other functions of `AsyncResource`.
pub(crate) const FUNCTIONS: [&str; 7] = [
    "parent",
    "location_id",
    "validators",
    "ready",
    "committed",
    "registered",
    "extra_actions",
];

/// Variant of `Action` for each hook, in the order of `HOOKS`.
const ACTIONS: [&str; 6] = [
    "List",
    "Create",
    "Retrieve",
    "Update",
    "PartialUpdate",
    "Destroy",
];

/// Associated types with the hooks and parameter indexes that define them. The first hook in the
/// block decides.
const INPUTS: &[(&str, &[(&str, usize)])] = &[
    ("Query", &[("list", 2)]),
    ("Create", &[("create", 2)]),
    ("Update", &[("update", 3)]),
    ("PartialUpdate", &[("partial_update", 3)]),
];

/// Associated types for items, with the hooks that define them.
const SUBJECTS: [(&str, &str); 4] = [
    ("RetrieveSubject", "retrieve"),
    ("UpdateSubject", "update"),
    ("PartialUpdateSubject", "partial_update"),
    ("DestroySubject", "destroy"),
];

/// Associated types for results, with the hooks that define them.
const OUTPUTS: [(&str, &str); 4] = [
    ("Item", "retrieve"),
    ("CreateOutput", "create"),
    ("UpdateOutput", "update"),
    ("PartialUpdateOutput", "partial_update"),
];

/// Arguments of `#[resource(..)]`.
pub(crate) struct Args {
    pub(crate) name: LitStr,
    /// The actions in `only(..)`.
    pub(crate) only: Option<Vec<Ident>>,
    pub(crate) idempotency: IdempotencyKeys,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let block: ItemImpl = match syn::parse2(item) {
        Ok(block) => block,
        Err(error) => return error.to_compile_error(),
    };
    let is_model = hooks::wrong_trait(&block, "ModelResource").is_none();
    if let Some(error) = hooks::wrong_trait(&block, "AsyncResource").filter(|_| !is_model) {
        return error.to_compile_error();
    }
    match Args::parse(arguments, &block.self_ty) {
        Ok(args) if is_model => model_resource::expand(&args, block),
        Ok(args) => match &args.only {
            None => expand_block(&args, block),
            Some(_) => Error::new(block.self_ty.span(), ONLY_OF_MODEL).to_compile_error(),
        },
        Err(error) => error.to_compile_error(),
    }
}

/// Completes an `impl AsyncResource`.
pub(crate) fn expand_block(args: &Args, mut block: ItemImpl) -> TokenStream {
    let mut errors = args.idempotency.check(&block);
    let items = SUBJECTS
        .iter()
        .filter_map(|(_, hook)| HookItem::of(hooks::find(&block, hook)?));
    let items: Vec<_> = items.collect();
    let default = errors::take(&mut block.attrs).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let default = default.as_deref();
    let actions = action::extract(&mut block, &items, default, &mut errors);
    errors.extend(hooks::check(
        &mut block,
        HOOKS,
        &FUNCTIONS,
        "`AsyncResource`",
    ));
    errors.extend(hooks::require_access(&mut block));
    errors.extend(add_conditions(&mut block));
    let trait_path = quote!(::resourceful::AsyncResource);
    let check = errors::add_const(&mut block, &trait_path, default, &mut errors);
    add_consts(&mut block, &args.name);
    args.idempotency.complete(&mut block);
    doc_comments::add_const(&mut block, HOOKS);
    add_subjects(&mut block, items.first());
    add_types(&mut block);
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#(#errors)* #block #actions #check)
}

/// Adds `Id` and the types of the items. The first item in the block decides the id.
fn add_subjects(block: &mut ItemImpl, first: Option<&HookItem>) {
    let span = first.map_or_else(Span::call_site, |first| first.ty.span());
    let id = first.map(|HookItem { ty, .. }| {
        let subject =
            quote_spanned!(ty.span()=> ::resourceful::Subject<Self, ::resourceful::Caller<Self>>);
        quote_spanned!(ty.span()=> <#ty as #subject>::Id)
    });
    add_type(block, "Id", id);
    for (name, hook) in SUBJECTS {
        let item = hooks::find(block, hook).and_then(HookItem::of);
        let ty = item.map_or_else(
            || quote_spanned!(span=> ::resourceful::Unchecked<Self::Id>),
            |HookItem { ty, .. }| quote!(#ty),
        );
        add_type(block, name, Some(ty));
    }
}

/// Tells the library that items have validators, which it reads from `retrieve`.
fn add_conditions(block: &mut ItemImpl) -> Option<Error> {
    let ident = &hooks::find(block, "validators")?.sig.ident;
    let missing = hooks::find(block, "retrieve").is_none().then(|| {
        let message = "`validators` needs the hook `retrieve`: it reads the item that a precondition is about";
        Error::new(ident.span(), message)
    });
    block.items.push(parse_quote! {
        const CONDITIONS: ::resourceful::hidden::Conditions = ::resourceful::hidden::Conditions::Checked;
    });
    missing
}

fn add_consts(block: &mut ItemImpl, name: &LitStr) {
    if !hooks::has_const(block, "NAME") {
        block
            .items
            .push(parse_quote!(const NAME: &'static str = #name;));
    }
    if !hooks::has_const(block, "ACTIONS") {
        let present = HOOKS
            .iter()
            .zip(ACTIONS)
            .filter(|(hook, _)| hooks::find(block, hook.name).is_some());
        let actions = present.map(|(_, action)| format_ident!("{action}"));
        block.items.push(parse_quote! {
            const ACTIONS: ::resourceful::Actions =
                ::resourceful::Actions::of(&[#(::resourceful::Action::#actions),*]);
        });
    }
}

fn add_types(block: &mut ItemImpl) {
    if !hooks::has_type(block, "Parent") {
        block.items.push(parse_quote!(
            type Parent = ::resourceful::NoParent;
        ));
    }
    for (name, sources) in INPUTS {
        let ty = sources.iter().find_map(|(hook, index)| {
            hooks::parameter(hooks::find(block, hook)?, *index).map(|input| quote!(#input))
        });
        add_type(block, name, ty);
    }
    let list_item = hooks::find(block, "list")
        .and_then(hooks::value_type)
        .map(|page| page_item(&page));
    add_type(block, "ListItem", list_item);
    for (name, hook) in OUTPUTS {
        let output = hooks::find(block, hook).and_then(hooks::value_type);
        add_type(block, name, output);
    }
    let destroyed = hooks::find(block, "destroy").and_then(hooks::value_type);
    add_type(
        block,
        "DestroyOutput",
        Some(destroyed.unwrap_or(quote!(()))),
    );
    let error = HOOKS
        .iter()
        .find_map(|hook| hooks::error_type(hooks::find(block, hook.name)?));
    add_type(
        block,
        "Error",
        Some(error.unwrap_or_else(|| quote!(::resourceful::Error))),
    );
}

fn add_type(block: &mut ItemImpl, name: &str, ty: Option<TokenStream>) {
    if hooks::has_type(block, name) {
        return;
    }
    let name = format_ident!("{name}");
    let ty = ty.unwrap_or_else(|| quote!(::resourceful::Never));
    block.items.push(parse_quote!(type #name = #ty;));
}

/// `T` of `Page<T>`, as the user wrote it; for an alias, a projection that the compiler
/// resolves.
fn page_item(page: &TokenStream) -> TokenStream {
    if let Ok(written) = syn::parse2::<Type>(page.clone())
        && let [item] = hooks::generics(&written, "Page")[..]
    {
        return quote!(#item);
    }
    quote_spanned!(page.span()=> <#page as ::resourceful::hidden::PageOf>::Item)
}

impl Args {
    fn parse(arguments: TokenStream, self_type: &Type) -> Result<Self, Error> {
        let mut name = None;
        let mut only = None;
        let mut idempotency = IdempotencyKeys::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("name") {
                name = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("only") {
                let mut actions = Vec::new();
                meta.parse_nested_meta(|action| {
                    let known = |name: &Hook| action.path.is_ident(name.name);
                    if !HOOKS.iter().any(known) {
                        return Err(action.error(EXPECTED_ACTIONS));
                    }
                    actions.push(action.path.require_ident()?.clone());
                    Ok(())
                })?;
                only = Some(actions);
            } else if !idempotency.parse(&meta)? {
                return Err(meta.error(EXPECTED_ARGUMENTS));
            }
            Ok(())
        });
        syn::parse::Parser::parse2(parser, arguments)?;
        let name = name.map_or_else(|| type_name(self_type), Ok)?;
        Ok(Self {
            name,
            only,
            idempotency,
        })
    }
}

/// The name of the type in snake case.
fn type_name(self_type: &Type) -> Result<LitStr, Error> {
    let Type::Path(path) = self_type else {
        return Err(Error::new(
            self_type.span(),
            "the name is missing: write `#[resource(name = \"..\")]`",
        ));
    };
    let last = path.path.segments.last().expect("a path has segments");
    let name = snake_case(&last.ident.to_string());
    Ok(LitStr::new(&name, last.ident.span()))
}
