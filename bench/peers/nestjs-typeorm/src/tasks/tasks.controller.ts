import { Body, Controller, DefaultValuePipe, Get, Param, ParseIntPipe, Patch, Post, Query, UseGuards } from '@nestjs/common';
import { AuthGuard } from '../auth/auth.guard.js';
import { UserId } from '../auth/user-id.decorator.js';
import { CreateTaskDto, UpdateTaskDto } from './task.dto.js';
import type { Task, TaskStatus } from './task.entity.js';
import { TasksService } from './tasks.service.js';

@Controller('api/tasks')
@UseGuards(AuthGuard)
export class TasksController {
  constructor(private readonly tasks: TasksService) {}

  @Get()
  findAll(
    @UserId() userId: string,
    @Query('limit', new DefaultValuePipe(1000), ParseIntPipe) limit: number,
    @Query('status') status?: TaskStatus,
  ): Promise<Task[]> {
    return this.tasks.findAll(userId, limit, status);
  }

  @Get(':id')
  findOne(@UserId() userId: string, @Param('id') id: string): Promise<Task> {
    return this.tasks.findOne(userId, id);
  }

  @Post()
  create(@UserId() userId: string, @Body() dto: CreateTaskDto): Promise<Task> {
    return this.tasks.create(userId, dto);
  }

  @Patch(':id')
  update(@UserId() userId: string, @Param('id') id: string, @Body() dto: UpdateTaskDto): Promise<Task> {
    return this.tasks.update(userId, id, dto);
  }

  @Patch(':id/complete')
  toggle(@UserId() userId: string, @Param('id') id: string): Promise<Task> {
    return this.tasks.toggle(userId, id);
  }
}
