//! Components that are small on disk and large to compile: none ends the gateway, and none holds up another.

use sluice_tests::config::Config;
use sluice_tests::gateway::{Gateway, Setup};
use sluice_tests::guests;
use sluice_tests::wait::eventually;
use wasm_encoder::{
    BlockType, CodeSection, Component, ComponentSectionId, Function, FunctionSection, Instruction, Module,
    ModuleSection, NestedComponentSection, RawSection, TypeSection, ValType,
};

/// One of each kind, by name.
fn worst() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("many-functions", of_module(&functions(100_000, |function| function))),
        (
            "many-loops",
            of_module(&functions(1, |function| loops(function, 100_000))),
        ),
        (
            "deep-blocks",
            of_module(&functions(1, |function| nested(function, 30_000))),
        ),
        ("many-locals", of_module(&locals_and_blocks(50_000, 50_000))),
        (
            "one-long-function",
            of_module(&functions(1, |function| sums(function, 200_000))),
        ),
        ("many-components", many_components(20_000)),
        ("deep-components", deep_components(5_000)),
        ("doubled-instances", doubled_instances(40)),
    ]
}

fn of_module(module: &Module) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(module));
    component.finish()
}

/// A module with so many functions of this body.
fn functions(count: u32, body: impl Fn(Function) -> Function) -> Module {
    module(count, &body(Function::new([])))
}

fn locals_and_blocks(locals: u32, blocks: u32) -> Module {
    let mut function = Function::new([(locals, ValType::I64)]);
    for block in 0..blocks {
        function.instruction(&Instruction::Block(BlockType::Empty));
        function.instruction(&Instruction::LocalGet(block % locals));
        function.instruction(&Instruction::LocalSet((block * 7) % locals));
        function.instruction(&Instruction::I32Const(0));
        function.instruction(&Instruction::BrIf(0));
        function.instruction(&Instruction::End);
    }
    module(1, &function)
}

fn module(count: u32, function: &Function) -> Module {
    let mut function = function.clone();
    function.instruction(&Instruction::End);
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    for _ in 0..count {
        functions.function(0);
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module
}

fn loops(mut function: Function, count: usize) -> Function {
    for _ in 0..count {
        function.instruction(&Instruction::Loop(BlockType::Empty));
        function.instruction(&Instruction::I32Const(0));
        function.instruction(&Instruction::BrIf(0));
        function.instruction(&Instruction::End);
    }
    function
}

fn nested(mut function: Function, depth: usize) -> Function {
    for _ in 0..depth {
        function.instruction(&Instruction::Block(BlockType::Empty));
    }
    for _ in 0..depth {
        function.instruction(&Instruction::End);
    }
    function
}

fn sums(mut function: Function, count: i32) -> Function {
    function.instruction(&Instruction::I32Const(1));
    for number in 0..count {
        function.instruction(&Instruction::I32Const(number));
        function.instruction(&Instruction::I32Mul);
    }
    function.instruction(&Instruction::Drop);
    function
}

fn many_components(count: usize) -> Vec<u8> {
    let mut component = Component::new();
    for _ in 0..count {
        component.section(&NestedComponentSection(&Component::new()));
    }
    component.finish()
}

/// A component in a component in a component.
fn deep_components(depth: usize) -> Vec<u8> {
    let mut bytes = Component::new().finish();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&RawSection {
            id: ComponentSectionId::Component as u8,
            data: &bytes,
        });
        bytes = outer.finish();
    }
    bytes
}

/// Each component makes two instances of the one before it.
fn doubled_instances(depth: usize) -> Vec<u8> {
    use wasm_encoder::ComponentInstanceSection;
    let mut inner = Component::new();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        let mut instances = ComponentInstanceSection::new();
        let nothing: [(&str, wasm_encoder::ComponentExportKind, u32); 0] = [];
        instances.instantiate(0, nothing);
        instances.instantiate(0, nothing);
        outer.section(&instances);
        inner = outer;
    }
    inner.finish()
}

async fn failures(gateway: &Gateway) -> usize {
    gateway.plugins().await["failures"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn components_that_are_costly_to_compile_hold_up_nobody() {
    let gateway = Setup::new(&Config::new().mock("demo", "hello")).start().await;
    let worst = worst();
    for (name, bytes) in &worst {
        gateway.install_bytes(name, bytes);
    }
    gateway.install(guests::TELLER_1);
    eventually("the good one to be loaded", async || {
        assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
        let listing = gateway.plugins().await;
        let mut plugins = listing["plugins"].as_array().unwrap().iter();
        plugins.any(|plugin| plugin["name"] == "teller").then_some(())
    })
    .await;
    // The machine may be busy with other tests: each has its time.
    for count in 1..=worst.len() {
        eventually(&format!("{count} of them to be refused"), async || {
            assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
            (failures(&gateway).await >= count).then_some(())
        })
        .await;
    }
}
