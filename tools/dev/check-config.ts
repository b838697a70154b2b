// Bundled and run by the launcher: the schemas live in libs/, which Node cannot load as they are.
import { checkConfig } from '@ashlar/modules/config'

process.stdout.write(JSON.stringify(checkConfig(process.env)))
