#include "runtime/io_pool.h"

#include <pthread.h>

#include <string>

namespace flowsell::runtime {

IoPool::IoPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
    work_.push_back(boost::asio::make_work_guard(*contexts_.back()));
  }
}

IoPool::~IoPool() { stop(); }

void IoPool::start() {
  if (!threads_.empty()) return;
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    threads_.emplace_back([io = contexts_[i].get()] { io->run(); });
    const std::string name = "io-" + std::to_string(i);
    pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

void IoPool::stop() {
  work_.clear();
  for (auto& io : contexts_) io->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace flowsell::runtime
