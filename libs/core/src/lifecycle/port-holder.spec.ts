import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findPortHolder } from './port-holder.ts'

it('tells the command that holds a port on one line', async () => {
  const script =
    "//\nrequire('net').createServer().listen(0, function () { console.log(this.address().port) })"
  const holder = spawn(process.execPath, ['-e', script])
  const [line] = (await once(holder.stdout, 'data')) as [Buffer]
  const found = findPortHolder(Number(line))
  holder.kill()
  expect(found).toMatchObject({ pid: holder.pid, program: 'node' })
  expect(found?.command).toContain(' -e //\\u000arequire')
})
