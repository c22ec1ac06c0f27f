//! What shells, terminals and `man` make of the program, the real ones.

use std::process::{Command, Stdio};

use crate::support::program::command;
use crate::support::script::{python, run};
use crate::support::{Program, data_file, draft};

const COMMANDS: [&str; 10] = [
    "serve",
    "demo",
    "import",
    "export",
    "backup",
    "check",
    "move",
    "completions",
    "man",
    "help",
];

fn vitrina() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vitrina"))
}

fn completions(shell: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("_vitrina");
    let script = run(vitrina().args(["completions", shell]));
    std::fs::write(&file, script).expect("a file");
    let file = file.to_string_lossy().into_owned();
    (folder, file)
}

#[test]
#[ignore = "needs zsh and fish"]
fn completions_complete() {
    let (_folder, file) = completions("bash");
    let script = format!(
        "source {file}; COMP_WORDS=(vitrina expo); COMP_CWORD=1; \
         _vitrina vitrina expo vitrina; echo \"${{COMPREPLY[@]}}\""
    );
    let said = run(Command::new("bash").args(["--norc", "-euc", &script]));
    assert_eq!(said.trim(), "export");

    let (_folder, file) = completions("fish");
    let script = format!("source {file}; complete -C 'vitrina expo'");
    let said = run(Command::new("fish").args(["--no-config", "-c", &script]));
    assert!(said.starts_with("export\tWrite the products"), "{said}");

    // zsh completes only for somebody who types.
    let (folder, _file) = completions("zsh");
    let script = format!(
        "zmodload zsh/zpty; zpty shell zsh -f -i\n\
         zpty -w shell \"fpath=({} \\$fpath); autoload -U compinit; compinit -u -D; PROMPT=; echo re''ady\"\n\
         until [[ $line == *ready* ]] {{ zpty -r shell line }}\n\
         zpty -w -n shell $'vitrina expo\\t--js\\t\\n'\n\
         until [[ $line == *'--json'* ]] {{ zpty -r shell line }}\n\
         print -r -- $line",
        folder.path().display()
    );
    let said = run(Command::new("timeout").args(["60", "zsh", "-f", "-c", &script]));
    assert!(said.contains("--json"), "{said}");
}

#[test]
#[ignore = "needs groff"]
fn manual_pages_render_without_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.1");
    let pages = COMMANDS.iter().filter(|name| **name != "help").copied();
    for name in std::iter::once("").chain(pages) {
        let mut man = vitrina();
        man.arg("man");
        if !name.is_empty() {
            man.arg(name);
        }
        std::fs::write(&page, run(&mut man)).expect("a file");
        let groff = Command::new("groff")
            .args(["-man", "-ww", "-K", "utf8", "-Tutf8", "-P-c"])
            .arg(&page)
            .output()
            .expect("groff is installed");
        let (text, warnings) = (
            String::from_utf8_lossy(&groff.stdout),
            String::from_utf8_lossy(&groff.stderr),
        );
        assert!(
            groff.status.success() && warnings.is_empty(),
            "{name}: {warnings}"
        );
        let own = if name.is_empty() { "vitrina" } else { name };
        assert!(text.contains(own), "{name}: {text}");
    }
}

/// The widest line of a help, in characters, that could have been broken.
fn width(help: &str) -> usize {
    let lines = help.lines().filter(|line| line.trim().contains(' '));
    lines.map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn help_fits_a_terminal() {
    for name in std::iter::once("").chain(COMMANDS) {
        let help = |columns: Option<&str>| {
            let mut help = vitrina();
            if !name.is_empty() && name != "help" {
                help.arg(name);
            }
            help.arg("--help").env_remove("COLUMNS");
            if let Some(columns) = columns {
                help.env("COLUMNS", columns);
            }
            run(&mut help)
        };
        for columns in [None, Some("80"), Some("200")] {
            let help = help(columns);
            assert!(width(&help) <= 80, "{name} {columns:?}: {help}");
        }
        let narrow = help(Some("40"));
        assert!(narrow.contains("--log"), "{name}: {narrow}");
        let about = ["Serve the list", "Serve a sample catalog"];
        let is_about = |words: &&str| narrow.contains(*words);
        if name.is_empty() {
            assert!(about.iter().all(is_about), "{narrow}");
        }
        // Where to serve is said only where something is served.
        let serves = matches!(name, "" | "help" | "serve" | "demo");
        assert_eq!(narrow.contains("--listen"), serves, "{name}");
    }
}

/// What a program shows on a terminal.
fn on_a_terminal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let script = "import os, pty, sys\nos.environ.update(TERM='xterm')\n\
                  sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut python = python();
    python.args(["-c", script, env!("CARGO_BIN_EXE_vitrina")]);
    python.args(arguments).env_remove("NO_COLOR");
    python.envs(variables.iter().copied()).stdin(Stdio::null());
    let output = python.output().expect("Python runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs Python"]
fn colours_are_left_out_for_who_wants_none() {
    let wrong = ["export", "--nothing"];
    assert!(on_a_terminal(&wrong, &[]).contains('\x1b'));
    let plain = on_a_terminal(&wrong, &[("NO_COLOR", "1")]);
    assert!(
        plain.contains("--nothing") && !plain.contains('\x1b'),
        "{plain}"
    );
}

/// Names and words are UTF-8 whatever the terminal's locale says: nothing fails, and nothing is lost.
#[tokio::test]
async fn a_locale_that_is_not_utf8_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("lámparas.db");
    let file = folder.path().join("niño.csv");
    let rows = "title,code,price,stock,category\nLámpara,ñ-1,1,1,luz\n";
    std::fs::write(&file, rows).expect("a file");
    for locale in ["C", "es_ES.ISO-8859-1", "not a locale"] {
        let run = |arguments: &[&str]| {
            let mut command = vitrina();
            command.args(arguments).arg("--journal").arg(&data);
            command.env("LC_ALL", locale).env("LANG", locale);
            let output = command.output().expect("it runs");
            assert!(
                output.status.success(),
                "{locale} {arguments:?}: {output:?}"
            );
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        let file = file.to_str().expect("a text");
        run(&["import", "--on-duplicate", "update", file]);
        assert!(run(&["export"]).contains("Lámpara,"), "{locale}");
        assert!(
            run(&["export", "--format", "json"]).contains("\"ñ-1\""),
            "{locale}"
        );
        let checked = run(&["check"]);
        assert!(
            checked.contains("lámparas.db is well: 1 product"),
            "{checked}"
        );
        assert!(run(&["--help"]).contains("vitrina"), "{locale}");
    }
    // And the server.
    let mut server = command(&data, "127.0.0.1:0");
    server.env("LC_ALL", "C").env("LANG", "C");
    let program = Program::run(server);
    assert_eq!(program.http().list().await["products"][0]["code"], "ñ-1");
}

#[tokio::test]
async fn a_reader_that_has_enough_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let program = Program::start(&data);
    let mut large = draft("a");
    large["description"] = "x".repeat(2_000).into();
    for number in 0..60 {
        large["code"] = format!("code {number}").into();
        assert_eq!(program.http().post(&large).await.status(), 201);
    }
    let script = "set -o pipefail; \"$0\" export --journal \"$1\" | head -n 1";
    let output = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_vitrina")])
        .arg(&data)
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with(b"title,"), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_file_that_is_missing_is_named_for_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let fails = |arguments: &[&str]| {
        let mut command = vitrina();
        command.args(arguments).arg("--journal").arg(&data);
        let output = command.current_dir(folder.path()).output().expect("runs");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for arguments in [&["export"][..], &["check"], &["backup", "copy.db"]] {
        let said = fails(arguments);
        let name = data.to_string_lossy();
        assert!(
            said.contains("there is no data file") && said.contains(&*name),
            "{said}"
        );
    }
    for file in ["products.csv", "products"] {
        let said = fails(&["import", file]);
        assert!(
            said.contains("the file to import") && said.contains(file),
            "{said}"
        );
    }
    assert!(!data.exists(), "it was made all the same");
}

#[test]
fn a_start_that_fails_leaves_no_data_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let data = data_file(&folder);
    let output = command(&data, &address).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--listen"), "{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
#[ignore = "needs sqlite3 and Python"]
async fn the_data_file_explains_itself_to_other_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let program = Program::start(&data);
    program.http().add("a").await;
    let file = data.to_string_lossy().into_owned();
    let sql = "SELECT price, on_sale FROM products_view";
    let said = run(Command::new("sqlite3").args(["-readonly", &file, sql]));
    assert_eq!(said.trim(), "19.99|1");
    // Every column of every table of its own is explained, or says it by its name.
    let unexplained = "SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
         WHERE m.type = 'table' AND m.name <> 'about' AND NOT EXISTS (SELECT 1 FROM about \
         WHERE about.name IN (m.name || '.' || c.name)) AND c.name NOT IN \
         ('title', 'description', 'code', 'stock', 'category', 'id', 'revision')";
    let said = run(Command::new("sqlite3").args(["-readonly", &file, unexplained]));
    assert_eq!(said, "");
    let rows = run(python().args(["-m", "sqlite_utils", "rows", &file, "products_view"]));
    assert!(rows.contains("19.99"), "{rows}");
    let page = run(python().args([
        "-m",
        "datasette",
        "--get",
        "/vitrina/products_view.json",
        &file,
    ]));
    assert!(page.contains("19.99"), "{page}");
    // Whoever reads holds nobody up.
    let reader = rusqlite::Connection::open(&data).expect("a file");
    reader
        .execute_batch("BEGIN; SELECT * FROM products;")
        .expect("it reads");
    program.http().add("b").await;
    let seen: u64 = reader
        .query_row("SELECT count(*) FROM products", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(seen, 1, "what it reads is of one moment");
}

#[tokio::test]
async fn a_flag_counts_more_than_the_environment_wherever_it_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let flag = ["--listen", "127.0.0.1:0"];
    for arguments in [
        [&flag[..], &["serve"]].concat(),
        [&["serve"], &flag[..]].concat(),
        flag.to_vec(),
        [&flag[..], &["demo"]].concat(),
    ] {
        let mut command = vitrina();
        command.args(&arguments).arg("--journal").arg(&data);
        // Nothing can be served there.
        command.env("VITRINA_LISTEN", "192.0.2.1:1");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = Program::run(command);
        assert_eq!(program.http().get("/").await.status(), 200, "{arguments:?}");
    }
    let wrong = vitrina().args(["serve", "--listen", "nowhere"]).output();
    assert_eq!(wrong.expect("it runs").status.code(), Some(2));
}

#[test]
fn whoever_reads_nothing_changes_nothing_of_what_is_done() {
    use std::fmt::Write;
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let file = folder.path().join("products.csv");
    let mut rows = String::from("title,code,price,stock,category\n");
    for row in 0..5_000 {
        writeln!(rows, "A,code {row},1,1,c").expect("a text");
    }
    rows += "A,,1,1,c\n";
    std::fs::write(&file, rows).expect("a file");
    let script = "\"$0\" import --json --journal \"$1\" \"$2\" | true; echo ${PIPESTATUS[0]}";
    let mut bash = Command::new("bash");
    bash.args(["-c", script, env!("CARGO_BIN_EXE_vitrina")]);
    let said = run(bash.arg(&data).arg(&file));
    assert_eq!(said.trim(), "1", "a row was refused");
    let said = run(vitrina().args(["check", "--json", "--journal"]).arg(&data));
    assert!(said.contains("\"products\":5000"), "{said}");
}
