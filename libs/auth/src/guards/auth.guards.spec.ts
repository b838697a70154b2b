import request from 'supertest'
import { cloneTestDatabase, startTcpProxy, type TcpProxy } from '@ashlar/core/testing'
import { createRoutes, serialize } from '@ashlar/core/http'
