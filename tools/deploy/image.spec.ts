import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readImageStart } from './image-start.ts'
import { bundlesIn, has, read } from './read-deployment.ts'

const dockerfile = read('Dockerfile')

describe('Dockerfile', () => {
  it('runs on the Node that the project is made for', () => {
    expect(dockerfile).toContain(`NODE_IMAGE=node:${read('.nvmrc').trim()}-bookworm-slim`)
  })

  it('starts Node with options that it knows', () => {
    const start = readImageStart(dockerfile)
    const { status, stderr } = spawnSync(process.execPath, [...start.arguments, '--eval', '0'], {
      env: { ...process.env, NODE_OPTIONS: start.options },
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('runs as a user that Kubernetes can see is not root', () => {
    const [, user] = /^USER (\d+):\d+$/m.exec(dockerfile) ?? []
    expect(Number(user)).toBeGreaterThan(0)
    expect(read('deploy/helm/ashlar/values.yaml')).toContain(`runAsUser: ${user}`)
  })

  it('names processes that exist', () => {
    for (const folder of bundlesIn(dockerfile))
      expect(has(`${folder}/package.json`) || has(`${folder}/main.ts`)).toBe(true)
  })

  it('copies what its context holds', () => {
    const ignored = read('.dockerignore')
    expect(has('deploy/docker/healthcheck.mjs')).toBe(true)
    expect(ignored).toContain('!deploy/docker')
    expect(ignored).toMatch(/^\*\*\/\.env$/m)
  })
})

describe('health check of the image', () => {
  it.each([
    [200, 0],
    [503, 1],
  ])('sees the answer %i as exit code %i', async (status, code) => {
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/health/ready' ? status : 404).end('{}'),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      expect(await check((server.address() as AddressInfo).port)).toBe(code)
    } finally {
      server.close()
    }
  })

  it.each([
    ['::1', { MANAGEMENT_HOST: '::1' }],
    ['::1', { HOST: '[::1]' }],
    ['::1', { HOST: '192.0.2.1', MANAGEMENT_HOST: '::' }],
    ['127.0.0.2', { MANAGEMENT_HOST: '127.0.0.2' }],
    ['127.0.0.1', { HOST: '0.0.0.0' }],
    ['127.0.0.1', { HOST: '', MANAGEMENT_HOST: '' }],
  ])('asks a process that listens on %s, with %j', async (host, environment) => {
    const server = createServer((_request, response) => response.end('{}'))
    server.listen(0, host)
    await once(server, 'listening')
    try {
      expect(await check((server.address() as AddressInfo).port, environment)).toBe(0)
    } finally {
      server.close()
    }
  })

  it('fails when nobody listens', async () => {
    expect(await check(1)).toBe(1)
  })

  async function check(port: number, environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, ['deploy/docker/healthcheck.mjs', '/health/ready'], {
      env: { ...process.env, MANAGEMENT_PORT: String(port), ...environment },
      stdio: 'ignore',
    })
    const [code] = (await once(child, 'exit')) as [number]
    return code
  }
})
