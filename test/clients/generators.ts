/** The generators, with the commands that install them, generate with them and compile what they generated. */

import type { Command } from './commands.ts'

/** All versions: the newest when this table was last changed. */
export const VERSIONS = {
  'openapi-generator': '7.25.0',
  'oapi-codegen': '2.8.2',
  'oapi-codegen/runtime': '1.9.0',
  'oapi-codegen/nullable': '1.2.0',
  ogen: '1.25.0',
  'openapi-python-client': '0.29.1',
  'datamodel-code-generator': '0.89.0',
  ruff: '0.17.6',
  pydantic: '2.14.4',
  'email-validator': '2.4.0',
  httpx: '0.28.1',
  'maven-dependency-plugin': '3.3.0',
} as const

export interface Generator {
  /** As docs/clients.md calls it, with the language. */
  readonly name: string
  /** The key of its version. */
  readonly version: keyof typeof VERSIONS
  /** The directory of its program here, and the one in the cache in which all commands run. */
  readonly folder: string
  /** The file with the program, of which docs/clients.md shows a part. */
  readonly program: string
  /** The programs of the machine without which it is skipped. */
  readonly needs: readonly string[]
  /** Run once for these versions. They need the registry. */
  readonly install: readonly Command[]
  /** Run when the document, the program or a command has changed. `openapi.json` and the program are there. */
  readonly build: readonly Command[]
  readonly run: Command
}

/** A command without quotes, as one would type it. */
function typed(...lines: readonly string[]): Command {
  const [program = '', ...args] = lines.join(' ').split(' ')
  return [program, ...args]
}

const JAR = `openapi-generator-cli-${VERSIONS['openapi-generator']}.jar`

/** With its version: the newest is not known without the registry. */
const MAVEN_DEPENDENCY = `org.apache.maven.plugins:maven-dependency-plugin:${VERSIONS['maven-dependency-plugin']}`

const FETCH_JAR = typed(
  `mvn -B -q ${MAVEN_DEPENDENCY}:copy -DoutputDirectory=.`,
  `-Dartifact=org.openapitools:openapi-generator-cli:${VERSIONS['openapi-generator']}`,
)

const openapiGenerator = (options: string): Command =>
  typed(
    `java -jar ${JAR} generate -i openapi.json -o generated ${options}`,
    '--global-property apiTests=false,modelTests=false,apiDocs=false,modelDocs=false',
  )

const VENV = typed('python3 -m venv venv')

const pip = (...packages: readonly (keyof typeof VERSIONS)[]): Command =>
  typed('venv/bin/pip install -q', ...packages.map((name) => `${name}==${VERSIONS[name]}`))

const GO_MODULE = typed('go mod init program')

const goGet = (module: string, version: keyof typeof VERSIONS, options = ''): Command =>
  typed(`go get ${options}${module}@v${VERSIONS[version]}`)

/** Those that take the least time with empty caches first: a run whose time is limited has as many as possible. */
export const GENERATORS: readonly Generator[] = [
  {
    name: 'openapi-python-client, Python',
    version: 'openapi-python-client',
    folder: 'openapi-python-client',
    program: 'program.py',
    needs: ['python3'],
    install: [VENV, pip('openapi-python-client', 'ruff', 'httpx')],
    build: [
      typed('venv/bin/openapi-python-client generate --path openapi.json --output-path todo --meta none --overwrite'),
    ],
    run: ['venv/bin/python', 'program.py'],
  },
  {
    name: 'datamodel-code-generator, Python',
    version: 'datamodel-code-generator',
    folder: 'datamodel-code-generator',
    program: 'program.py',
    needs: ['python3'],
    install: [VENV, pip('datamodel-code-generator', 'pydantic', 'email-validator', 'httpx')],
    build: [
      typed(
        'venv/bin/datamodel-codegen --input openapi.json --input-file-type openapi --output todo.py',
        '--output-model-type pydantic_v2.BaseModel --collapse-root-models',
      ),
    ],
    run: ['venv/bin/python', 'program.py'],
  },
  {
    name: 'openapi-generator, Java (native)',
    version: 'openapi-generator',
    folder: 'java',
    program: 'Program.java',
    needs: ['java', 'javac', 'mvn'],
    install: [FETCH_JAR],
    build: [
      openapiGenerator('-g java --library native --additional-properties useSingleRequestParameter=true'),
      typed(
        `mvn -B -q -f generated/pom.xml ${MAVEN_DEPENDENCY}:copy-dependencies`,
        '-DoutputDirectory=../libs -DincludeScope=compile',
      ),
      ['sh', '-c', 'javac -nowarn -cp "libs/*" -d classes $(find generated/src/main -name "*.java") Program.java'],
    ],
    run: typed('java -cp classes:libs/* Program'),
  },
  {
    name: 'openapi-generator, Python',
    version: 'openapi-generator',
    folder: 'python',
    program: 'program.py',
    needs: ['java', 'mvn', 'python3'],
    install: [FETCH_JAR, VENV],
    build: [openapiGenerator('-g python --package-name todo'), typed('venv/bin/pip install -q ./generated')],
    run: ['venv/bin/python', 'program.py'],
  },
  {
    name: 'oapi-codegen, Go',
    version: 'oapi-codegen',
    folder: 'oapi-codegen',
    program: 'main.go',
    needs: ['go'],
    install: [
      GO_MODULE,
      goGet('github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen', 'oapi-codegen', '-tool '),
      goGet('github.com/oapi-codegen/runtime', 'oapi-codegen/runtime'),
      goGet('github.com/oapi-codegen/nullable', 'oapi-codegen/nullable'),
    ],
    build: [
      typed('mkdir -p todo'),
      typed('go tool oapi-codegen -config config.yaml openapi.json'),
      typed('go mod tidy'),
      typed('go build -o run-program .'),
    ],
    run: ['./run-program'],
  },
  {
    name: 'ogen, Go',
    version: 'ogen',
    folder: 'ogen',
    program: 'main.go',
    needs: ['go'],
    install: [GO_MODULE, goGet('github.com/ogen-go/ogen/cmd/ogen', 'ogen', '-tool ')],
    build: [
      typed('go tool ogen --target todo --package todo --clean --config config.yaml openapi.json'),
      typed('go mod tidy'),
      typed('go build -o run-program .'),
    ],
    run: ['./run-program'],
  },
  {
    name: 'openapi-generator, Rust',
    version: 'openapi-generator',
    folder: 'rust',
    program: 'src/main.rs',
    needs: ['java', 'mvn', 'cargo'],
    install: [FETCH_JAR],
    build: [
      openapiGenerator(
        '-g rust --type-mappings DateTime=String --additional-properties packageName=todo-client,useSingleRequestParameter=true',
      ),
      typed('cargo fetch --quiet'),
      typed('cargo build --quiet --offline'),
    ],
    run: ['target/debug/program'],
  },
]
