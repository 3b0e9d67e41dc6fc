//! Finds what can be changed in one source file.
use crate::mutant::{Change, ConstFn, Mutant};
use std::ops::Range;
use std::path::Path;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Lit, ReturnType, Stmt, Type, UnOp};

/// How many characters of the source a mutant's description quotes.
const LONGEST: usize = 80;

/// Everything that was found in a file.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) mutants: Vec<Mutant>,
    pub(crate) const_fns: Vec<ConstFn>,
    /// The modules of files that hold tests alone.
    pub(crate) test_modules: Vec<String>,
}

/// Reads a source file; `file` is its path from the tree's root.
///
/// # Errors
/// When it is no Rust.
pub(crate) fn find(file: &Path, text: &str) -> Result<Found, syn::Error> {
    let parsed = syn::parse_file(text)?;
    let mut finder = Finder {
        file,
        text,
        found: Found::default(),
    };
    finder.visit_file(&parsed);
    Ok(finder.found)
}

struct Finder<'s> {
    file: &'s Path,
    text: &'s str,
    found: Found,
}

impl Finder<'_> {
    fn words(&self, place: Range<usize>) -> String {
        let text = self.text.get(place).unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}...", &line[..end]),
            None => line,
        }
    }

    fn add(&mut self, node: &impl Spanned, place: Range<usize>, change: Change, what: String) {
        self.found.mutants.push(Mutant {
            file: self.file.to_owned(),
            line: node.span().start().line,
            place,
            change,
            what,
        });
    }

    /// An expression that becomes another text.
    fn value(&mut self, node: &impl Spanned, becomes: String) {
        let place = node.span().byte_range();
        let what = format!("{} -> {becomes}", self.words(place.clone()));
        self.add(node, place, Change::Value(becomes), what);
    }

    /// An expression with one word in it replaced.
    fn swap(&mut self, node: &impl Spanned, word: Range<usize>, by: &str) {
        let place = node.span().byte_range();
        let head = &self.text[place.start..word.start];
        let tail = &self.text[word.end..place.end];
        let becomes = format!("{head}{by}{tail}");
        let what = format!("{} -> {by}", self.words(place.clone()));
        self.add(node, place, Change::Value(becomes), what);
    }

    fn condition(&mut self, condition: &Expr) {
        if !holds_let(condition) {
            self.value(condition, "true".to_owned());
            self.value(condition, "false".to_owned());
        }
    }

    fn function(&mut self, sig: &syn::Signature, body: &syn::Block, place: Range<usize>) {
        if let Some(word) = sig.constness {
            self.found.const_fns.push(ConstFn {
                name: sig.ident.to_string(),
                word: word.span().byte_range(),
                place,
            });
        }
        let results: &[&str] = match &sig.output {
            ReturnType::Default if body.stmts.len() > 1 => &[""],
            ReturnType::Default => &[],
            ReturnType::Type(_, kind) => match &**kind {
                Type::Path(path) => match path.path.segments.last() {
                    Some(last) if last.ident == "bool" => &["true", "false"],
                    Some(last) if last.ident == "Option" => &["None"],
                    _ => &[],
                },
                _ => &[],
            },
        };
        let start = body.brace_token.span.open().byte_range().end;
        for result in results {
            let what = format!("fn {} returns {result} at once", sig.ident);
            let change = Change::Leave(format!("return {result};"));
            self.add(sig, start..start, change, what);
        }
    }
}

/// Whether a condition binds something, so that it cannot stand elsewhere.
fn holds_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(both) => holds_let(&both.left) || holds_let(&both.right),
        Expr::Paren(inner) => holds_let(&inner.expr),
        _ => false,
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => {
            list.path.is_ident("cfg") && list.tokens.to_string().contains("test")
        }
        syn::Meta::NameValue(_) => false,
    })
}

/// The operator that takes the place of another.
fn other_operator(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::Lt(_) => "<=",
        BinOp::Le(_) => "<",
        BinOp::Gt(_) => ">=",
        BinOp::Ge(_) => ">",
        BinOp::Eq(_) => "!=",
        BinOp::Ne(_) => "==",
        BinOp::And(_) => "||",
        BinOp::Or(_) => "&&",
        _ => return None,
    })
}

/// The method that takes the place of another.
fn other_method(name: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 9] = [
        ("is_some", "is_none"),
        ("is_ok", "is_err"),
        ("is_some_and", "is_none_or"),
        ("any", "all"),
        ("max", "min"),
        ("saturating_add", "saturating_sub"),
        ("first", "last"),
        ("pop_front", "pop_back"),
        ("push_front", "push_back"),
    ];
    PAIRS.iter().find_map(|(one, other)| match name {
        _ if name == *one => Some(*other),
        _ if name == *other => Some(*one),
        _ => None,
    })
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        } else if module.content.is_none() {
            self.found.test_modules.push(module.ident.to_string());
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig, &item.block, item.span().byte_range());
            self.visit_block(&item.block);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        // What is written for people is not what the tests are about.
        if !is_test(&item.attrs) && item.sig.ident != "fmt" {
            self.function(&item.sig, &item.block, item.span().byte_range());
            self.visit_block(&item.block);
        }
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_generic_argument(&mut self, _: &'ast syn::GenericArgument) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if let Stmt::Expr(inner, Some(_)) = stmt
            && matches!(
                inner,
                Expr::Call(_) | Expr::MethodCall(_) | Expr::Assign(_) | Expr::Try(_)
            )
        {
            let place = stmt.span().byte_range();
            let what = format!("without {}", self.words(place.clone()));
            self.add(stmt, place, Change::Omit, what);
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard {
            self.condition(guard);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Binary(both) if !holds_let(expr) => {
                if let Some(by) = other_operator(&both.op) {
                    self.swap(expr, both.op.span().byte_range(), by);
                }
            }
            Expr::MethodCall(call) => {
                if let Some(by) = other_method(&call.method.to_string()) {
                    self.swap(expr, call.method.span().byte_range(), by);
                }
            }
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                self.swap(expr, unary.op.span().byte_range(), "");
            }
            Expr::Call(call) => {
                if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Some")) {
                    self.value(expr, "None".to_owned());
                }
            }
            Expr::If(branch) => self.condition(&branch.cond),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => match number.base10_parse::<u64>() {
                    Ok(0) => self.value(expr, format!("1{}", number.suffix())),
                    Ok(1) => self.value(expr, format!("0{}", number.suffix())),
                    Ok(other) => self.value(expr, format!("{}{}", other + 1, number.suffix())),
                    Err(_) => {}
                },
                Lit::Bool(truth) => self.value(expr, (!truth.value).to_string()),
                _ => {}
            },
            _ => {}
        }
        visit::visit_expr(self, expr);
    }
}
